"""Whether an access token is good, and what it allows. Knows no request, so it serves HTTP and WebSockets alike."""

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any

import jwt
from django.conf import settings

from homelab_site.access.introspection import LEEWAY_SECONDS, Introspector
from homelab_site.access.issuers import Issuer
from homelab_site.access.jwks import KeySet
from homelab_site.access.scopes import READ_SCOPES, claimed_scopes
from homelab_site.health.asking import UnavailableError

MAX_LENGTH = 16 * 1024
ALGORITHMS = ("RS256", "ES256")
FORM = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
SENTENCES: dict[type[Exception], str] = {
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidAudienceError: "The token is meant for somebody else.",
}
NOT_VALID = "The token is not valid."

_lock = Lock()


class TokenError(Exception):
    """A token is not good. The message is a sentence for whoever sent it, and holds nothing of the token."""


class ExpiredTokenError(TokenError):
    """A token was good once."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that has been checked. `identity` names its holder among all issuers; `expires_at` is since 1970."""

    text: str = field(repr=False)
    identity: str
    username: str | None
    email: str | None
    scopes: frozenset[str]
    expires_at: float | None

    @property
    def seconds_left(self) -> int | None:
        """Return how long the token still holds, without leeway; None if it does not expire."""
        return None if self.expires_at is None else max(0, int(self.expires_at - time.time()))


class Verifier:
    """Checks the tokens of some issuers. One serves a whole process, since it keeps their keys."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._issuers = {issuer.issuer: (issuer, KeySet(issuer)) for issuer in issuers}
        self._introspectors = [
            Introspector(issuer, issuer.introspection) for issuer, _ in self._issuers.values() if issuer.introspection
        ]

    def verify(self, text: str, *, ask: bool = True) -> AccessToken:
        """Return what a token says if it is good; raises TokenError, within seconds whoever is away.

        Without `ask`, no issuer is asked about an opaque token; keys are never asked for often.
        """
        if len(text) > MAX_LENGTH:
            raise TokenError("The token is too long.")
        if not FORM.fullmatch(text):
            raise TokenError(NOT_VALID)
        # A JWT has three parts (RFC 7515, section 3.1).
        claims = self._decoded(text) if text.count(".") == 2 else self._introspected(text, ask)
        return access_token(text, claims)

    def _decoded(self, text: str) -> Mapping[str, Any]:
        try:
            header, said = jwt.get_unverified_header(text), jwt.decode(text, options={"verify_signature": False})
            issuer, key = self._key(header, said)
            return jwt.decode(
                text,
                key,
                algorithms=ALGORITHMS,
                audience=issuer.audience,
                issuer=issuer.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise ExpiredTokenError("The token has expired.") from None
        except jwt.PyJWTError as error:
            # Without its cause: PyJWT's messages quote from the token.
            raise TokenError(SENTENCES.get(type(error), NOT_VALID)) from None

    def _key(self, header: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[Issuer, jwt.PyJWK]:
        """Return the issuer that a token names, and its key; nothing else in the token is a way to a key."""
        algorithm, kid, name = header.get("alg"), header.get("kid"), said.get("iss")
        if algorithm not in ALGORITHMS or not isinstance(kid, str):
            raise TokenError(NOT_VALID)
        if not isinstance(name, str) or name not in self._issuers:
            raise TokenError("The token is of an issuer that is not known here.")
        issuer, keys = self._issuers[name]
        key = keys.key(kid, algorithm)
        if key is None:
            raise TokenError("The token is signed with a key that is not known here.")
        return issuer, key

    def _introspected(self, text: str, ask: bool) -> Mapping[str, Any]:
        sentence = NOT_VALID
        for introspector in self._introspectors:
            try:
                claims = introspector.claims(text, ask=ask)
            except UnavailableError:
                sentence = "The token cannot be checked at the moment."
                continue
            if claims:
                return claims
        raise TokenError(sentence)


def verify(text: str, *, ask: bool = True) -> AccessToken:
    """Check a token with this site's settings: the development token, or one of OIDC_ISSUERS; raises TokenError.

    Without `ask` no issuer is asked about it, and the development token, which could be guessed, is not looked at.
    """
    expected = settings.API_DEVELOPMENT_TOKEN if ask else ""
    if expected and secrets.compare_digest(text.encode(errors="surrogatepass"), expected.encode()):
        return AccessToken(text, "development-token", "development token", None, READ_SCOPES, None)
    with _lock:
        verifier = _verifier(settings.OIDC_ISSUERS)
    return verifier.verify(text, ask=ask)


@lru_cache(maxsize=1)
def _verifier(issuers: tuple[Issuer, ...]) -> Verifier:
    return Verifier(issuers)


def access_token(text: str, claims: Mapping[str, Any]) -> AccessToken:
    """Return what the claims of a good token say."""
    names = (_text(claims, name) for name in ("preferred_username", "username", "sub", "client_id"))
    expires_at = claims.get("exp")
    holder = f"{claims.get('iss')} {claims.get('sub') or claims.get('client_id')}"
    return AccessToken(
        text=text,
        identity=sha256(holder.encode(errors="replace")).hexdigest(),
        username=next(filter(None, names), None),
        email=_text(claims, "email"),
        scopes=claimed_scopes(claims),
        expires_at=None if expires_at is None else float(expires_at),
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None

"""The identity provider at which people log in: the first of OIDC_ISSUERS, and this site as its client."""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
import msgspec
from django.conf import settings
from django.core.exceptions import SuspiciousOperation

from homelab_site.access.fetching import asked_for
from homelab_site.access.introspection import LEEWAY_SECONDS
from homelab_site.access.issuers import HttpUrl, Issuer
from homelab_site.access.jwks import KeySet
from homelab_site.health.asking import UnavailableError

ALGORITHMS = ("RS256", "ES256")
ENDPOINTS_SECONDS = 600.0


class Endpoints(msgspec.Struct, frozen=True):
    """What we need of OpenID Connect Discovery 1.0, section 3, and RP-Initiated Logout 1.0, section 2.1."""

    issuer: str
    authorization_endpoint: HttpUrl
    token_endpoint: HttpUrl
    userinfo_endpoint: HttpUrl
    end_session_endpoint: HttpUrl | None = None


class Tokens(msgspec.Struct, frozen=True):
    """RFC 6749, section 5.1, and OpenID Connect Core 1.0, section 3.1.3.3."""

    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None
    id_token: str | None = None


class Provider:
    """Speaks with the identity provider. Every method that asks it returns or raises within seconds.

    They raise RefusedError if it says no, and UnavailableError if it says nothing that can be understood.
    """

    def __init__(self, issuer: Issuer, client_id: str, client_secret: str) -> None:
        self.issuer = issuer.issuer
        self.client_id = client_id
        self._discovery_url = issuer.discovery_url
        self._secret = client_secret
        self._keys = KeySet(issuer)
        self._endpoints: tuple[float, Endpoints] | None = None

    def endpoints(self, *, known: bool = True) -> Endpoints:
        """Return where things are, as the provider said it not long ago.

        Unless what is known counts, it is asked, so that a browser is not sent to a provider that is away.
        """
        if known and self._endpoints and time.monotonic() - self._endpoints[0] < ENDPOINTS_SECONDS:
            return self._endpoints[1]
        found = asked_for(self._discovery_url, Endpoints)
        if found.issuer != self.issuer:
            raise UnavailableError(f"{self._discovery_url} is about another issuer")
        self._endpoints = (time.monotonic(), found)
        return found

    def tokens(self, grant: Mapping[str, str]) -> Tokens:
        """Return the tokens for a code or for a refresh token."""
        return asked_for(self.endpoints().token_endpoint, Tokens, form=grant, login=(self.client_id, self._secret))

    def user_info(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """Return what is said of somebody now. An answer about anybody else is refused (Core 1.0, section 5.3.2)."""
        claims = asked_for(self.endpoints().userinfo_endpoint, dict[str, Any], token=access_token)
        if claims.get("sub") != subject:
            raise SuspiciousOperation("The identity provider speaks of somebody else.")
        return claims

    def id_claims(self, id_token: str | None) -> Mapping[str, Any]:
        """Return the claims of an ID token that is ours (Core 1.0, section 3.1.3.7); raises SuspiciousOperation."""
        try:
            header = jwt.get_unverified_header(id_token or "")
            claims: dict[str, Any] = jwt.decode(
                id_token or "",
                self._key(header),
                algorithms=ALGORITHMS,
                audience=self.client_id,
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            # Without its cause: PyJWT's messages quote from the token.
            raise SuspiciousOperation(f"The ID token is not good ({type(error).__name__}).") from None
        if claims.get("azp", self.client_id) != self.client_id:
            raise SuspiciousOperation("The ID token was given to another client.")
        return claims

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        algorithm, kid = header.get("alg"), header.get("kid")
        key = self._keys.key(kid, algorithm) if algorithm in ALGORITHMS and isinstance(kid, str) else None
        if key is None:
            raise jwt.InvalidKeyError
        return key


def provider() -> Provider:
    """Return the provider of this process, which keeps what it has been told. There is one if `OIDC_LOGIN` is set."""
    return _provider(settings.OIDC_ISSUERS[0], settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET)


@lru_cache(maxsize=1)
def _provider(issuer: Issuer, client_id: str, client_secret: str) -> Provider:
    return Provider(issuer, client_id, client_secret)

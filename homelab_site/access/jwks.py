"""The keys of an issuer: kept for as long as it cannot be asked, and asked for again when an unknown one appears."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from homelab_site.access.fetching import SECONDS, fetch
from homelab_site.access.issuers import HttpUrl, Issuer
from homelab_site.health.asking import Asked, UnavailableError

log = logging.getLogger(__name__)

Keys = Mapping[tuple[str, str], jwt.PyJWK]
"""Keys by their `kid` and algorithm."""

# An unknown kid makes us ask the issuer again after this time, and never more than twice in MINUTE.
AGAIN_SECONDS = 30.0
MINUTE = 60.0
# A key that the issuer has withdrawn is trusted for this long at most while the issuer can be asked.
STALE_SECONDS = 600.0
MINIMUM_RSA_BITS = 2048  # RFC 7518, section 3.3


class Discovery(msgspec.Struct):
    """What we need of OpenID Connect Discovery 1.0, section 3."""

    issuer: str
    jwks_uri: HttpUrl


class Jwks(msgspec.Struct):
    """RFC 7517, section 5."""

    keys: list[dict[str, Any]]


class KeySet:
    """The keys of one issuer. A key that is known is found without waiting for anything, also while it is asked."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: Keys = {}
        self._read_at = float("-inf")
        self._lock = Lock()  # held for no longer than it takes to start a thread
        self._asked_at: deque[float] = deque(maxlen=2)
        self._asking: Asked[None] | None = None

    def key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """Return a key, or None after SECONDS at most if the issuer has no such key or cannot be asked."""
        key = self._keys.get((kid, algorithm))
        if key is None:
            asking = self._ask_if_due()
            if asking:
                asking.answer(time.monotonic() + SECONDS)
            return self._keys.get((kid, algorithm))
        if self._clock() - self._read_at > STALE_SECONDS:
            self._ask_if_due()
        return key

    def _ask_if_due(self) -> Asked[None] | None:
        """Ask, in a thread of its own, unless that was done not long ago; return the newest call."""
        with self._lock:
            now = self._clock()
            if self._is_due(now):
                self._asked_at.append(now)
                self._asking = Asked(self._read)
            return self._asking

    def _is_due(self, now: float) -> bool:
        # Keys that change soon after the first reading are found at once, so that one does not count.
        if len(self._asked_at) < 2:
            return True
        earlier, last = self._asked_at
        return now - last >= AGAIN_SECONDS and now - earlier >= MINUTE

    def _read(self) -> None:
        try:
            keys = signing_keys(fetch(self._url(), Jwks).keys)
        except UnavailableError as error:
            log.warning("keys of %s: %s", self._issuer.issuer, error)
            return
        self._keys, self._read_at = keys, self._clock()

    def _url(self) -> str:
        if self._issuer.jwks_url:
            return self._issuer.jwks_url
        found = fetch(self._issuer.discovery_url, Discovery)
        if found.issuer != self._issuer.issuer:
            raise UnavailableError(f"{self._issuer.discovery_url} is about another issuer")
        return found.jwks_uri


def signing_keys(jwks: Iterable[Mapping[str, Any]]) -> Keys:
    """Return the keys of a JWKS that can sign with RS256 or ES256; others are left out, whatever is wrong with them."""
    found = ((jwk.get("kid"), _key(jwk)) for jwk in jwks)
    return {(kid, key.algorithm_name): key for kid, key in found if isinstance(kid, str) and key}


def _key(jwk: Mapping[str, Any]) -> jwt.PyJWK | None:
    algorithm = _algorithm(jwk)
    if algorithm is None or jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm or "d" in jwk:
        return None
    try:
        key = jwt.PyJWK(dict(jwk), algorithm)
    except jwt.PyJWTError:
        return None
    is_weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < MINIMUM_RSA_BITS
    return None if is_weak else key


def _algorithm(jwk: Mapping[str, Any]) -> str | None:
    """Return the one of our algorithms that a key's kind is for (RFC 7518, sections 3.3, 3.4 and 6.2)."""
    if jwk.get("kty") == "RSA":
        return "RS256"
    return "ES256" if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256" else None

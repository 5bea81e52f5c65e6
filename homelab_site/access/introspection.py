"""What an issuer says of tokens that only it can read (RFC 7662)."""

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any

from homelab_site.access.fetching import asked_for
from homelab_site.access.issuers import Introspection, Issuer
from homelab_site.health.asking import UnavailableError

log = logging.getLogger(__name__)

Claims = Mapping[str, Any]

LEEWAY_SECONDS = 60
REMEMBERED_SECONDS = 60.0
REMEMBERED_TOKENS = 1_000
# So long nobody waits for an endpoint that has just not answered.
AWAY_SECONDS = 5.0


class Introspector:
    """Asks one issuer, and remembers its answers under a hash of the token for a minute, and not beyond its expiry."""

    def __init__(self, issuer: Issuer, endpoint: Introspection, clock: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._endpoint = endpoint
        self._clock = clock
        self._lock = Lock()  # never held while the issuer is asked
        self._remembered: dict[bytes, tuple[float, Claims | None]] = {}
        self._away_until = float("-inf")

    def claims(self, token: str, *, ask: bool = True) -> Claims | None:
        """Return the claims of a token that is good, else None; raises UnavailableError if nobody can say.

        Without `ask`, only an answer that is remembered counts.
        """
        name = sha256(token.encode()).digest()
        until, claims = self._remembered.get(name, (float("-inf"), None))
        if self._clock() < until:
            return claims
        if not ask:
            raise UnavailableError(f"{self._endpoint.url} is not asked now")
        claims = self._asked(token)
        self._remember(name, claims)
        return claims

    def _asked(self, token: str) -> Claims | None:
        if self._clock() < self._away_until:
            raise UnavailableError(f"{self._endpoint.url} did not answer a moment ago")
        login = (self._endpoint.client_id, self._endpoint.client_secret)
        form = {"token": token, "token_type_hint": "access_token"}
        try:
            found = asked_for(self._endpoint.url, dict[str, Any], form=form, login=login)
        except UnavailableError as error:
            log.warning("introspection by %s: %s", self._issuer.issuer, error)
            self._away_until = self._clock() + AWAY_SECONDS
            raise
        if not is_good(found, self._issuer, self._clock()):
            return None
        # An answer need not name its issuer, but a holder is one among all issuers.
        return {**found, "iss": self._issuer.issuer}

    def _remember(self, name: bytes, claims: Claims | None) -> None:
        until = self._clock() + REMEMBERED_SECONDS
        if claims and "exp" in claims:
            until = min(until, claims["exp"])
        with self._lock:
            self._remembered.pop(name, None)
            self._remembered[name] = (until, claims)
            if len(self._remembered) > REMEMBERED_TOKENS:
                del self._remembered[next(iter(self._remembered))]


def is_good(found: Claims, issuer: Issuer, now: float) -> bool:
    """Tell whether an answer is about a token that is active, for us, and valid now.

    An answer need not have an audience; then the client that the token was given to must be ours.
    """
    audience = found.get("aud", found.get("client_id"))
    audiences = audience if isinstance(audience, list) else [audience]
    return (
        found.get("active") is True
        and found.get("iss", issuer.issuer) == issuer.issuer
        and any(name in issuer.audience for name in audiences)
        and _moment(found, "exp", float("inf")) > now - LEEWAY_SECONDS
        and _moment(found, "nbf", float("-inf")) <= now + LEEWAY_SECONDS
    )


def _moment(found: Claims, name: str, absent: float) -> float:
    """Return a moment in seconds since 1970, or NaN, which compares with nothing, if it is none."""
    moment = found.get(name, absent)
    return moment if isinstance(moment, int | float) and not isinstance(moment, bool) else float("nan")

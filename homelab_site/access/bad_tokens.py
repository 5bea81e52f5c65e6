"""Whoever sends bad tokens has to wait, and nobody else does.

Once an address has sent too many, no issuer is asked about its opaque tokens any more. A token that a key can check
still counts, since a house has one address for all of its phones, and one of them must not shut out the rest.
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from homelab_site.access.tokens import AccessToken, ExpiredTokenError, TokenError, verify

BAD_TOKENS_A_MINUTE = 300
MINUTE = 60.0
REMEMBERED_ADDRESSES = 10_000


class TooManyBadTokensError(TokenError):
    """An address has sent too many bad tokens; it has to wait for some seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many bad tokens came from this address.")
        self.seconds = seconds


class BadTokens:
    """Counts the bad tokens of each address, in this process: nothing that could be away is needed for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[str, tuple[float, int]] = {}

    def seconds_to_wait(self, address: str) -> int:
        """Return how long an address has to wait; 0 if it need not."""
        began, count = self._counts.get(_origin(address), (0.0, 0))
        left = began + MINUTE - self._clock()
        return math.ceil(left) if count >= BAD_TOKENS_A_MINUTE and left > 0 else 0

    def add(self, address: str) -> None:
        """Count a bad token. Whoever has not sent one for the longest time is forgotten first."""
        origin = _origin(address)
        with self._lock:
            now = self._clock()
            began, count = self._counts.pop(origin, (now, 0))
            self._counts[origin] = (began, count + 1) if now - began < MINUTE else (now, 1)
            if len(self._counts) > REMEMBERED_ADDRESSES:
                del self._counts[next(iter(self._counts))]


def _origin(address: str) -> str:
    """Return the address, or its network where one subscriber has 2^64 of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


_bad_tokens = BadTokens()


def verify_from(address: str, text: str, bad_tokens: BadTokens = _bad_tokens) -> AccessToken:
    """Check a token that came from an address; raises TokenError, or TooManyBadTokensError if it has sent too many.

    A token that was good once is none of the bad ones: a page that slept for a night sends it in every request.
    """
    seconds = bad_tokens.seconds_to_wait(address)
    try:
        return verify(text, ask=not seconds)
    except ExpiredTokenError:
        raise
    except TokenError:
        if seconds:
            raise TooManyBadTokensError(seconds) from None
        bad_tokens.add(address)
        raise

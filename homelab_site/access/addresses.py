"""How often an address did something within a minute, so that it can be told to wait and nobody else is."""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

MINUTE = 60.0
REMEMBERED_ADDRESSES = 10_000


class PerAddress:
    """Counts for each address, in this process: nothing that could be away is needed for it."""

    def __init__(self, times_a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._times_a_minute = times_a_minute
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[str, tuple[float, int]] = {}

    def seconds_to_wait(self, address: str) -> int:
        """Return how long an address has to wait; 0 if it need not."""
        began, count = self._counts.get(_origin(address), (0.0, 0))
        left = began + MINUTE - self._clock()
        return math.ceil(left) if count >= self._times_a_minute and left > 0 else 0

    def add(self, address: str) -> None:
        """Count once. Whoever has not done it for the longest time is forgotten first."""
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

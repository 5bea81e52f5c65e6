"""How many connections a web process takes: in all, and of one caller, so that nobody takes all of them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from telemetry.live.protocol import Close, RefusedError


class Places:
    """Counts what is taken, in one event loop."""

    def __init__(self) -> None:
        self._all = 0
        self._of: Counter[str] = Counter()

    @contextmanager
    def in_process(self) -> Iterator[None]:
        """Hold one of the process's places; raises RefusedError if none is free."""
        if self._all >= settings.LIVE_CONNECTIONS:
            raise RefusedError(Close.TOO_MANY, "Too many connections are open here.")
        self._all += 1
        try:
            yield
        finally:
            self._all -= 1

    @contextmanager
    def of_caller(self, identity: str) -> Iterator[None]:
        """Hold one of a caller's places; raises RefusedError if none is free."""
        if self._of[identity] >= settings.LIVE_CONNECTIONS_PER_CALLER:
            raise RefusedError(Close.TOO_MANY, "You have too many connections open.")
        self._of[identity] += 1
        try:
            yield
        finally:
            self._of[identity] -= 1
            if not self._of[identity]:
                del self._of[identity]

"""Connections to PostgreSQL that outlive the request which made them."""

import select
import threading
import time
from collections import defaultdict
from collections.abc import Hashable
from weakref import WeakKeyDictionary

from psycopg2.extensions import TRANSACTION_STATUS_IDLE, connection

MOST_IDLE = 4
LONGEST_LIFE_SECONDS = 600.0
"""A server process remembers every table it has seen, so it grows with the age of its connection."""


class Pool:
    """Keeps what is given back until somebody asks for a connection to the same place; closed until it is opened."""

    def __init__(self) -> None:
        self._most = 0
        self._lock = threading.Lock()
        self._idle: dict[Hashable, list[connection]] = defaultdict(list)
        self._first_given_back: WeakKeyDictionary[connection, float] = WeakKeyDictionary()

    def open(self) -> None:
        self._most = MOST_IDLE

    def take(self, place: Hashable) -> connection | None:
        """Return the connection that was used last; None where none is left that can be used."""
        while True:
            with self._lock:
                if not self._idle[place]:
                    return None
                idle = self._idle[place].pop()
                age = time.monotonic() - self._first_given_back[idle]
            if age < LONGEST_LIFE_SECONDS and _is_quiet(idle):
                return idle
            idle.close()

    def give_back(self, place: Hashable, used: connection) -> bool:
        """Keep a connection for the next request; tell whether it was. One in a transaction is not."""
        if used.closed or used.info.transaction_status != TRANSACTION_STATUS_IDLE:
            return False
        with self._lock:
            if len(self._idle[place]) >= self._most:
                return False
            self._first_given_back.setdefault(used, time.monotonic())
            self._idle[place].append(used)
        return True


def _is_quiet(idle: connection) -> bool:
    """Tell whether the server has said nothing meanwhile: its last word on a connection is that it ends."""
    poll = select.poll()
    poll.register(idle.fileno(), select.POLLIN)
    return not poll.poll(0)


POOL = Pool()
"""The one of this process."""

"""MQTT messages that were taken but are not acknowledged yet, in the order in which they came."""

import time
from collections import deque
from typing import NamedTuple, Protocol


class Delivery(Protocol):
    """The part of a Kafka producer's future that says how a message fared."""

    is_done: bool
    exception: Exception | None


class _Taken(NamedTuple):
    mid: int
    qos: int
    delivery: Delivery | None
    at: float


class InFlight:
    """MQTT asks for acknowledgements in the order of the messages, so one waits for all before it."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._taken: deque[_Taken] = deque()

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, mid: int, qos: int, delivery: Delivery | None) -> None:
        """Remember a message; one without a delivery (nothing was sent for it) is done at once."""
        self._taken.append(_Taken(mid, qos, delivery, time.monotonic()))

    def settled(self) -> list[tuple[int, int]]:
        """Take out and return, as (mid, qos), the oldest messages that are done.

        Raises the delivery's own exception where the oldest could not be delivered, and TimeoutError where it takes
        too long to tell: a producer that waits for its id from the broker never gives a message up by itself.
        """
        done: list[tuple[int, int]] = []
        while self._taken and self._is_settled(self._taken[0], may_raise=not done):
            oldest = self._taken.popleft()
            done.append((oldest.mid, oldest.qos))
        return done

    def _is_settled(self, taken: _Taken, *, may_raise: bool) -> bool:
        delivery = taken.delivery
        if delivery is None or (delivery.is_done and delivery.exception is None):
            return True
        if may_raise and delivery.exception is not None:
            raise delivery.exception
        if may_raise and time.monotonic() - taken.at > self._patience:
            raise TimeoutError("Kafka does not acknowledge")
        return False

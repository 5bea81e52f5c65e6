"""MQTT messages that were taken but are not acknowledged yet, in the order in which they came."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol


class Delivery(Protocol):
    """The part of a Kafka producer's future that says how a message fared."""

    is_done: bool
    exception: Exception | None


@dataclass(frozen=True, slots=True)
class _Taken:
    mid: int
    qos: int
    delivery: Delivery | None


class InFlight:
    """MQTT asks for acknowledgements in the order of the messages, so one waits for all before it."""

    def __init__(self) -> None:
        self._taken: deque[_Taken] = deque()

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, mid: int, qos: int, delivery: Delivery | None) -> None:
        """Remember a message; one without a delivery (nothing was sent for it) is done at once."""
        self._taken.append(_Taken(mid, qos, delivery))

    def settled(self) -> list[tuple[int, int]]:
        """Take out and return, as (mid, qos), the oldest messages that are done.

        Raises the delivery's own exception where the oldest could not be delivered.
        """
        done = []
        while self._taken:
            oldest = self._taken[0]
            if oldest.delivery is not None:
                if not oldest.delivery.is_done:
                    break
                if oldest.delivery.exception is not None:
                    if done:
                        break
                    raise oldest.delivery.exception
            self._taken.popleft()
            done.append((oldest.mid, oldest.qos))
        return done

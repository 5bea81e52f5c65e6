from dataclasses import dataclass

import pytest

from bridge.in_flight import InFlight


@dataclass
class Delivered:
    """What a producer's future says, set by hand."""

    is_done: bool = False
    exception: Exception | None = None


def test_what_needs_no_delivery_is_settled_at_once() -> None:
    in_flight = InFlight(60)
    in_flight.add(1, 1, None)
    assert in_flight.settled() == [(1, 1)]


def test_a_message_waits_for_those_before_it() -> None:
    first, second = Delivered(), Delivered(is_done=True)
    in_flight = InFlight(60)
    in_flight.add(1, 1, first)
    in_flight.add(2, 1, second)
    assert in_flight.settled() == []

    first.is_done = True
    assert in_flight.settled() == [(1, 1), (2, 1)]
    assert len(in_flight) == 0


def test_a_failed_delivery_is_raised_after_what_was_delivered_before_it() -> None:
    in_flight = InFlight(60)
    in_flight.add(1, 1, Delivered(is_done=True))
    in_flight.add(2, 1, Delivered(is_done=True, exception=OSError("away")))
    assert in_flight.settled() == [(1, 1)]
    with pytest.raises(OSError, match="away"):
        in_flight.settled()


def test_a_delivery_that_takes_too_long_is_trouble() -> None:
    in_flight = InFlight(0)
    in_flight.add(1, 1, Delivered())
    with pytest.raises(TimeoutError):
        in_flight.settled()

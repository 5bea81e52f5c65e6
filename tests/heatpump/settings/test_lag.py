"""When a reading was taken, whatever the pump's clock shows and however long the reading has waited."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatpump.settings.lag import Lag, is_taken_after, observe

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TRANSIT = timedelta(milliseconds=1)


def after(ahead: timedelta, waits: list[float]) -> Lag | None:
    """Return the lag after a reading each half minute, each of which waited some seconds."""
    lag = None
    for n, wait in enumerate(waits):
        taken = START + timedelta(seconds=30 * n)
        lag = observe(lag, taken + ahead, taken + timedelta(seconds=wait) + TRANSIT)
    return lag


@given(
    st.integers(-1800, 1800),
    st.lists(st.sampled_from([0.0, 0.1, 20.0, 3600.0]), max_size=20),
)
def test_the_shortest_lag_is_how_far_the_clock_is_off(ahead: int, waits: list[float]) -> None:
    lag = after(timedelta(seconds=ahead), [*waits, 0.0])
    assert lag
    assert lag.shortest == timedelta(seconds=-ahead) + TRANSIT


@given(st.integers(-1800, 1800), st.floats(-3000, 3600), st.floats(0, 7200))
def test_a_reading_counts_if_it_was_taken_after_the_moment(ahead: int, later: float, waited: float) -> None:
    moment = START + timedelta(hours=1)
    taken = moment + timedelta(seconds=later)
    received = taken + timedelta(seconds=waited) + TRANSIT
    ts = taken + timedelta(seconds=ahead)
    lag = observe(after(timedelta(seconds=ahead), [0.0]), ts, received)
    counts = ts != received and is_taken_after(moment, ts=ts, received_at=received, lag=lag)
    # The pump tells whole seconds, so nobody can tell what was taken within the second before.
    assert counts or ts == received or taken < moment
    assert not counts or taken > moment - SECOND


def test_a_reading_without_a_time_of_its_own_counts_from_its_receipt() -> None:
    lag = after(timedelta(minutes=5), [0.0] * 5)
    assert observe(lag, START, START) == lag
    assert is_taken_after(START, ts=START, received_at=START, lag=lag)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_that_is_set_is_believed_after_four_minutes_at_most(minutes: int) -> None:
    lag = after(timedelta(0), [0.0] * 10)
    for n in range(10, 20):
        taken = START + timedelta(seconds=30 * n)
        lag = observe(lag, taken + timedelta(minutes=minutes), taken)
    assert lag
    assert lag.shortest == timedelta(minutes=-minutes)

from datetime import UTC, datetime, timedelta

import pytest

from bridge.simulator.pace import Pace

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def test_at_the_real_pace_each_moment_is_due_when_it_comes() -> None:
    assert Pace(start=NOW, began=NOW, speed=1).due(NOW + HOUR) == NOW + HOUR


def test_a_fast_house_lives_an_hour_in_a_minute() -> None:
    assert Pace(start=NOW - DAY, began=NOW, speed=60).due(NOW - DAY + HOUR) == NOW + MINUTE


@pytest.mark.parametrize("speed", [0, 2, 60, 1_000_000])
def test_no_house_gets_ahead_of_the_real_clock(speed: float) -> None:
    pace = Pace(start=NOW - HOUR, began=NOW, speed=speed)
    assert pace.due(NOW + 3 * DAY) == NOW + 3 * DAY


def test_at_speed_zero_the_past_is_due_at_once() -> None:
    assert Pace(start=NOW - DAY, began=NOW, speed=0).due(NOW - HOUR) == NOW


def test_a_house_that_started_in_the_past_stays_there_at_the_real_pace() -> None:
    assert Pace(start=NOW - DAY, began=NOW, speed=1).due(NOW - DAY + HOUR) == NOW + HOUR

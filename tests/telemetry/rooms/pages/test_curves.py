"""Curves of single readings and of intervals: what a sensor did not repeat still holds, and gaps stay gaps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from homelab_site.charts import Chart, Look, Step
from telemetry.rooms.pages.curves import interval_curve, reading_curve
from telemetry.rooms.pages.ranges import days_until, hours_until
from telemetry.rooms.selectors import Climate, RoomReading

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOON = datetime(2025, 11, 10, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
QUIET = timedelta(minutes=135)


def reading(
    time: datetime, temperature: float | None = None, humidity: float | None = None, device: str = "one"
) -> RoomReading:
    return RoomReading(time, "hall", device, temperature, humidity, None)


def drawn(*readings: RoomReading) -> Chart:
    return reading_curve("", "hall", readings, start=NOON, end=NOON + 12 * HOUR, quiet=QUIET)


def temperatures(chart: Chart) -> dict[timedelta, float | None]:
    return {time - NOON: value for time, value in zip(chart.times, chart.series[0].values, strict=True)}


def test_a_value_that_a_sensor_does_not_repeat_still_holds() -> None:
    chart = drawn(reading(NOON, 20, 40), reading(NOON + HOUR, humidity=41), reading(NOON + 2 * HOUR, 21))
    assert temperatures(chart) == {0 * HOUR: 20, HOUR: 20, 2 * HOUR: 21, 12 * HOUR: None}
    assert list(chart.series[1].values) == [40, 41, 41, None]


def test_the_chart_begins_with_what_was_said_before_it() -> None:
    assert temperatures(drawn(reading(NOON - HOUR, 19), reading(NOON + HOUR, 20)))[0 * HOUR] == 19


def test_a_sensor_that_was_silent_for_too_long_leaves_a_gap() -> None:
    found = temperatures(drawn(reading(NOON, 20), reading(NOON + 6 * HOUR, 22)))
    assert found.pop(QUIET + timedelta(seconds=1)) is None
    assert found == {0 * HOUR: 20, 6 * HOUR: 22, 12 * HOUR: None}


def test_the_newest_value_holds_until_now() -> None:
    assert temperatures(drawn(reading(NOON + 11 * HOUR, 20)))[12 * HOUR] == 20


def test_several_sensors_of_a_room_are_drawn_as_their_mean() -> None:
    found = temperatures(drawn(reading(NOON, 20), reading(NOON + MINUTE, 24, device="two"), reading(NOON + HOUR, 22)))
    assert (found[0 * HOUR], found[MINUTE], found[HOUR]) == (20, 22, 23)


def test_a_room_without_readings_is_drawn_empty() -> None:
    assert temperatures(drawn()) == {0 * HOUR: None, 12 * HOUR: None}


def test_an_hour_without_a_row_is_a_gap() -> None:
    hours = hours_until(NOON + 30 * MINUTE, 1)
    rows = [Climate("hall", NOON - n * HOUR, 20 + n, 19, 24, 40) for n in (0, 2)]
    chart = interval_curve("", "hall", rows, hours, Step.HOUR)
    assert list(chart.series[0].values) == [None] * 21 + [22, None, 20]
    assert (chart.times[-1], chart.end) == (NOON, NOON + HOUR)


def test_days_lie_between_their_lowest_and_their_highest() -> None:
    days = days_until(NOON, 365, STOCKHOLM)
    chart = interval_curve("", "hall", [Climate("hall", days.starts[-1], 20, 18, 23, 40)], days, Step.DAY)
    assert [series.look for series in chart.series] == [Look.EDGE, Look.HIDDEN, Look.LINE, Look.LINE]
    assert [series.values[-1] for series in chart.series] == [23, 18, 20, 40]
    assert [len(series.values) for series in chart.series] == [365] * 4


def test_days_are_those_of_the_house_also_where_the_clock_changes() -> None:
    days = days_until(datetime(2025, 10, 26, 12, tzinfo=UTC), 2, STOCKHOLM)
    assert [end - start for start, end in zip(days.starts, days.ends, strict=True)] == [24 * HOUR, 25 * HOUR]

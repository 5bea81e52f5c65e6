"""Hours, days, months and years are sums of quarters, and end where they end in the house's time zone."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever psycopg2 calls it

from tests.energy.curves import arrivals, deliveries, meters
from tests.energy.reference import Meter, Reading
from tests.energy.stored import Found, StoredMeter, assert_same, execute, receive, refresh_rollups, with_database

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PERIODS: list[Callable[[StoredMeter], list[Found]]] = [
    StoredMeter.hours,
    StoredMeter.days,
    StoredMeter.months,
    StoredMeter.years,
]


def sums_of(quarters: Sequence[Found], periods: Sequence[Found]) -> list[tuple[float, int]]:
    """Return the energy and the count that each period should have by its quarters."""
    parts = [[quarter for quarter in quarters if period.start <= quarter.start < period.end] for period in periods]
    return [
        (sum(quarter.energy_wh for quarter in part), sum(quarter.measurement_count for quarter in part))
        for part in parts
    ]


@with_database
@given(data=st.data(), readings=meters())
def test_periods_are_those_of_the_model(database: Connection, data: st.DataObject, readings: list[Reading]) -> None:
    meter, arriving = StoredMeter(database), data.draw(arrivals(readings))
    meter.deliver(data.draw(deliveries(arriving)))
    model = Meter(arriving)
    assert_same(meter.hours(), model.hours())
    assert_same(meter.days(), model.days(STOCKHOLM))
    assert_same(meter.months(), model.months(STOCKHOLM))
    assert_same(meter.years(), model.years(STOCKHOLM))


@with_database
@given(data=st.data(), readings=meters())
def test_periods_add_up_their_quarters(database: Connection, data: st.DataObject, readings: list[Reading]) -> None:
    meter = StoredMeter(database)
    meter.deliver(data.draw(deliveries(data.draw(arrivals(readings)))))
    quarters = meter.quarters()
    for periods in PERIODS:
        found = periods(meter)
        expected = sums_of(quarters, found)
        assert [period.energy_wh for period in found] == pytest.approx([energy for energy, _ in expected], rel=1e-12)
        assert [period.measurement_count for period in found] == [count for _, count in expected]
        assert sum(count for _, count in expected) == sum(quarter.measurement_count for quarter in quarters)


def a_kilowatt(since: datetime, until: datetime) -> list[Reading]:
    """A reading every 5 minutes, the last one included."""
    count = (until - since) // timedelta(minutes=5)
    return [Reading(since + step * timedelta(minutes=5), step * 1000 // 12) for step in range(count + 1)]


@pytest.mark.parametrize("refreshed", [False, True], ids=["read at once", "refreshed"])
@pytest.mark.parametrize(
    ("start", "hours", "second_hours"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23, []),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25, [0, 1]),
        (datetime(2026, 6, 9, 22, tzinfo=UTC), 24, [0]),
    ],
    ids=["clocks go forward", "clocks go back", "no change"],
)
def test_a_local_day_has_the_hours_that_it_has(
    database: Connection, start: datetime, hours: int, second_hours: list[int], refreshed: bool
) -> None:
    meter, end = StoredMeter(database), start + hours * timedelta(hours=1)
    receive(database, {meter: a_kilowatt(start - timedelta(hours=2), end + timedelta(hours=2))})
    if refreshed:
        refresh_rollups(database)
    day = next(day for day in meter.days() if day.start == start)
    assert (day.end, round(day.energy_wh), day.measurement_count, day.coverage) == (end, 1000 * hours, 12 * hours, 1)
    quarters = [quarter for quarter in meter.quarters() if start <= quarter.start < end]
    assert [quarter.energy_wh for quarter in quarters] == [250] * 4 * hours
    in_day = [hour for hour in meter.hours() if start <= hour.start < end]
    assert len({hour.start for hour in in_day}) == hours
    at_two = [hour for hour in in_day if hour.start.astimezone(STOCKHOLM).hour == 2]
    assert [hour.start.astimezone(UTC).hour for hour in at_two] == second_hours
    assert all(hour.energy_wh == 1000 and hour.coverage == 1 for hour in at_two)


@pytest.fixture
def move_house(database: Connection) -> Iterator[Callable[[str], None]]:
    """Move the house to another time zone for one test."""

    def move(time_zone: str) -> None:
        execute(database, "SELECT set_house(time_zone => %s, meter_max_kw => 100)", time_zone)

    yield move
    move(STOCKHOLM.key)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago", "UTC"])
def test_days_months_and_years_are_those_of_wherever_the_house_is(
    database: Connection, move_house: Callable[[str], None], zone: str
) -> None:
    meter = StoredMeter(database)
    readings = [
        Reading(datetime(2026, 3, 30, tzinfo=UTC) + step * timedelta(hours=5), 1000 * step) for step in range(40)
    ]
    receive(database, {meter: readings[::2]})
    refresh_rollups(database)
    receive(database, {meter: readings[1::2]})
    move_house(zone)
    model = Meter(readings)
    assert_same(meter.days(), model.days(ZoneInfo(zone)))
    assert_same(meter.months(), model.months(ZoneInfo(zone)))
    assert_same(meter.years(), model.years(ZoneInfo(zone)))
    refresh_rollups(database)
    assert_same(meter.days(), model.days(ZoneInfo(zone)))

"""What the API says of heat pumps whose readings are known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# The house's days in winter start an hour before UTC's.
MIDNIGHT = datetime(2026, 11, 9, 23, tzinfo=UTC)
REGISTERS = ("compressor", "hotwater", "3kw", "6kw")
TEMPERATURES = ("outdoor", "supplyline", "returnline", "hotwater", "brine_out", "brine_in")


def read(connection: Connection, time: datetime, device: str = "pump", **values: object) -> None:
    """Store a reading with some values; the others were not measured."""
    columns = ["time", "device_id", *values]
    execute(
        connection,
        f"INSERT INTO heatpump_status ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",
        *(time, device, *values.values()),
    )


def test_the_newest_reading_has_every_member(api: Api, readings: Connection) -> None:
    read(readings, NOON - HOUR, compressor_on=False)
    on = dict.fromkeys(("compressor_on", "flowlinepump_on", "brinepump_on", "aux_heater_3kw_on"), True)
    off = {"hotwater_production": False, "aux_heater_6kw_on": False}
    temperatures = {f"{name}_temp": 10.5 + n for n, name in enumerate((*TEMPERATURES, "indoor"))}
    read(readings, NOON, "pump", **on, **off, **temperatures, integral=-60, alarms=["low_brine_flow"])
    assert api.answer("heatpump/latest") == {
        "ts": "2026-11-10T12:00:00Z",
        "device_id": "pump",
        **on,
        **off,
        **temperatures,
        "integral": -60,
        "integral_trend": None,
        "alarms": ["low_brine_flow"],
    }


def test_what_was_not_measured_is_null(api: Api, readings: Connection) -> None:
    read(readings, NOON)
    answer = api.answer("heatpump/latest")
    assert {name for name, value in answer.items() if value is not None} == {"ts", "device_id"}
    assert len(answer) == 18


def test_one_heat_pump_or_all(api: Api, readings: Connection) -> None:
    read(readings, NOON, "cellar")
    read(readings, NOON + MINUTE, "attic")
    assert api.answer("heatpump/latest")["device_id"] == "attic"
    assert api.answer("heatpump/latest", {"device_id": "cellar"})["device_id"] == "cellar"


@pytest.mark.parametrize("query", [{}, {"device_id": "nobody's"}])
def test_no_reading_is_404(api: Api, query: dict[str, str]) -> None:
    response = api.get("heatpump/latest", query)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("before", "trend"),
    [
        ([(31, 0)], None),
        ([], None),
        ([(20, None)], None),
        ([(30, -100)], "rising"),
        ([(30, -65)], "rising"),
        ([(30, -64)], "stable"),
        ([(30, -60)], "stable"),
        ([(30, -56)], "stable"),
        ([(30, -55)], "falling"),
        ([(31, -100), (20, -50), (1, -100)], "falling"),
        ([(25, None), (20, -100)], "rising"),
    ],
)
def test_the_integral_s_trend_is_that_of_half_an_hour(
    api: Api, readings: Connection, before: list[tuple[int, int | None]], trend: str | None
) -> None:
    for minutes, integral in before:
        read(readings, NOON - minutes * MINUTE, integral=integral)
    read(readings, NOON - 10 * MINUTE, "another", integral=500)
    read(readings, NOON, integral=-60)
    assert api.answer("heatpump/latest", {"device_id": "pump"})["integral_trend"] == trend


def a_day(connection: Connection, device: str = "pump") -> None:
    """Store a day of the house, and the hour before and after: the compressor runs half of the time."""
    for hour in range(-1, 26):
        read(
            connection,
            MIDNIGHT + hour * HOUR,
            device,
            runtime_compressor=1000 + hour // 2,
            runtime_hotwater=200,
            runtime_3kw=None,
            runtime_6kw=7 if hour < 12 else 8,
            outdoor_temp=-4 if hour < 12 else 2,
        )


@pytest.mark.parametrize("refreshed", [False, True], ids=["at once", "after a refresh"])
def test_a_day_has_run_times_and_averages(api: Api, readings: Connection, refreshed: bool) -> None:
    a_day(readings)
    if refreshed:
        execute(readings, "SELECT refresh_rollups()")
    [day] = api.answer("heatpump/daily-summary", {"from": MIDNIGHT, "to": MIDNIGHT + HOUR})
    assert day == {
        "day": "2026-11-09T23:00:00Z",
        "daily_runtime_compressor_increase": 12,
        "daily_runtime_hotwater_increase": 0,
        "daily_runtime_3kw_increase": None,
        "daily_runtime_6kw_increase": 1,
        "avg_outdoor_temp": -1,
        **{f"avg_{name}_temp": None for name in TEMPERATURES if name != "outdoor"},
    }


def test_days_before_and_after_are_others(api: Api, readings: Connection) -> None:
    a_day(readings)
    days = api.answer("heatpump/daily-summary", {"from": MIDNIGHT - 24 * HOUR, "to": MIDNIGHT + 48 * HOUR})
    assert [(day["day"], day["avg_outdoor_temp"]) for day in days] == [
        ("2026-11-08T23:00:00Z", -4),
        ("2026-11-09T23:00:00Z", -1),
        ("2026-11-10T23:00:00Z", 2),
    ]
    end = {"from": MIDNIGHT - 24 * HOUR, "to": MIDNIGHT}
    assert [day["day"] for day in api.answer("heatpump/daily-summary", end)] == ["2026-11-08T23:00:00Z"]


def test_an_average_is_weighted_by_time_and_not_by_messages(api: Api, readings: Connection) -> None:
    for second in range(240):
        read(readings, NOON + timedelta(seconds=second), hotwater_temp=60)
    for minute in (4, 8, 12):
        read(readings, NOON + minute * MINUTE, hotwater_temp=50)
    read(readings, NOON + 16 * MINUTE)
    [day] = api.answer("heatpump/daily-summary", {"from": MIDNIGHT, "to": MIDNIGHT + HOUR})
    assert day["avg_hotwater_temp"] == pytest.approx((4 * 60 + 12 * 50) / 16)


@pytest.mark.parametrize("refreshed", [False, True], ids=["at once", "after a refresh"])
def test_a_value_weighs_no_longer_than_it_was_measured(api: Api, readings: Connection, refreshed: bool) -> None:
    for minute in range(120):
        read(readings, NOON + minute * MINUTE, outdoor_temp={0: 20}.get(minute) if minute < 60 else 0)
    if refreshed:
        execute(readings, "SELECT refresh_rollups()")
    [day] = api.answer("heatpump/daily-summary", {"from": MIDNIGHT, "to": MIDNIGHT + HOUR})
    # The last reading holds for five minutes, but not past its hour.
    assert day["avg_outdoor_temp"] == pytest.approx(20 / 61)


def test_a_reset_run_time_starts_again(api: Api, readings: Connection) -> None:
    for hour, runtime in enumerate([500, 501, 502, 0, 1, 2]):
        read(readings, NOON + 2 * hour * HOUR - 6 * HOUR, runtime_compressor=runtime)
    [day] = api.answer("heatpump/daily-summary", {"from": MIDNIGHT, "to": MIDNIGHT + HOUR})
    assert day["daily_runtime_compressor_increase"] == 4


def test_heat_pumps_are_summed_and_their_averages_averaged(api: Api, readings: Connection) -> None:
    a_day(readings)
    a_day(readings, "second")
    read(readings, NOON + 30 * MINUTE, "second", outdoor_temp=2, returnline_temp=30)
    query = {"from": MIDNIGHT, "to": MIDNIGHT + HOUR}
    [both] = api.answer("heatpump/daily-summary", query)
    [first] = api.answer("heatpump/daily-summary", {**query, "device_id": "pump"})
    assert (both["daily_runtime_compressor_increase"], first["daily_runtime_compressor_increase"]) == (24, 12)
    assert first["avg_outdoor_temp"] == -1
    assert -1 < both["avg_outdoor_temp"] < 0
    assert (both["avg_returnline_temp"], first["avg_returnline_temp"]) == (30, None)


@pytest.mark.parametrize("fixture", ["readings", "timescale"])
def test_the_views_that_other_tools_read(request: pytest.FixtureRequest, fixture: str) -> None:
    connection: Connection = request.getfixturevalue(fixture)
    a_day(connection, "of this test")
    before = view(connection)
    execute(connection, "SELECT refresh_rollups()")
    assert view(connection) == before == ([(MIDNIGHT, 12, -1)], [(NOON, 2)])


def view(connection: Connection) -> tuple[list[Any], list[Any]]:
    days = execute(
        connection,
        "SELECT day, daily_runtime_compressor_increase, avg_outdoor_temp FROM heatpump_daily_summary"
        " WHERE day = %s AND device_id = 'of this test'",
        MIDNIGHT,
    )
    hours = execute(
        connection,
        "SELECT hour_start, avg_outdoor_temp FROM heatpump_hourly WHERE hour_start = %s AND device_id = 'of this test'",
        NOON,
    )
    return days, hours

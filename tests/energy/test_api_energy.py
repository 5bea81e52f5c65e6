"""What the API says of meters whose readings are known."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# The house's days in winter start an hour before UTC's.
MIDNIGHT = datetime(2026, 11, 9, 23, tzinfo=UTC)


def read(
    connection: Connection, start: datetime, minutes: int, *, serial: str = "one", watts: int = 1200, base: int = 1000
) -> None:
    """Store a reading a minute, the last one at the end, of a meter that draws the same power all the time."""
    execute(
        connection,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total, active_power_total,"
        " active_power_l1, active_production_total)"
        " SELECT %s + n * interval '1 minute', %s, %s + round(n * %s / 60.0), %s, %s, 0 FROM generate_series(0, %s) n",
        *(start, serial, base, watts, watts, watts // 3, minutes),
    )


def z(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_the_newest_reading_of_a_meter(api: Api, readings: Connection) -> None:
    read(readings, NOON, 60)
    read(readings, NOON, 90, serial="two")
    assert api.answer("energy/latest", {"device_serial": "one"}) == {
        "ts": "2026-11-10T13:00:00Z",
        "device_serial": "one",
        "consumption_total_w": 2200,
        "consumption_total_actual_w": 1200,
        "consumption_l1_actual_w": 400,
        "consumption_l2_actual_w": None,
        "consumption_l3_actual_w": None,
        "production_actual_w": 0,
    }


def test_the_newest_reading_of_all_meters(api: Api, readings: Connection) -> None:
    read(readings, NOON, 60)
    read(readings, NOON, 90, serial="two")
    assert api.answer("energy/latest")["device_serial"] == "two"


@pytest.mark.parametrize("query", [{}, {"device_serial": "nobody's"}])
def test_no_reading_is_404(api: Api, query: dict[str, str]) -> None:
    response = api.get("energy/latest", query)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_an_hour_has_its_energy_its_power_and_how_well_it_was_measured(api: Api, readings: Connection) -> None:
    read(readings, NOON, 120)
    first, second = api.answer("energy/history", {"from": NOON, "to": NOON + 2 * HOUR})
    assert first == {
        "hour_start": "2026-11-10T12:00:00Z",
        "hour_end": "2026-11-10T13:00:00Z",
        "total_energy_kwh": 1.2,
        "avg_power_l1_kw": 0.4,
        "avg_power_l2_kw": None,
        "avg_power_l3_kw": None,
        "avg_power_total_kw": 1.2,
        "max_power_total_kw": 1.2,
        "measurement_count": 60,
        "coverage": 1,
    }
    assert second["hour_start"] == "2026-11-10T13:00:00Z"


def test_quarters_have_the_members_of_hours(api: Api, readings: Connection) -> None:
    read(readings, NOON, 60)
    [hour] = api.answer("energy/history", {"from": NOON, "to": NOON + HOUR, "resolution": "hour"})
    quarters = api.answer("energy/history", {"from": NOON, "to": NOON + HOUR, "resolution": "quarter"})
    assert [(quarter["hour_start"], quarter["hour_end"]) for quarter in quarters] == [
        (z(NOON + n * HOUR / 4), z(NOON + (n + 1) * HOUR / 4)) for n in range(4)
    ]
    for quarter in quarters:
        assert quarter.keys() == hour.keys()
        assert (quarter["total_energy_kwh"], quarter["avg_power_total_kw"]) == (0.3, 1.2)
        assert (quarter["measurement_count"], quarter["coverage"]) == (15, 1)


def test_meters_are_summed_and_their_coverage_is_averaged(api: Api, readings: Connection) -> None:
    read(readings, NOON, 60)
    read(readings, NOON, 30, serial="two", watts=3000, base=9_000_000)
    both, one, two = (
        api.answer("energy/history", {"from": NOON, "to": NOON + HOUR, **which})[0]
        for which in ({}, {"device_serial": "one"}, {"device_serial": "two"})
    )
    assert (one["total_energy_kwh"], two["total_energy_kwh"], both["total_energy_kwh"]) == (1.2, 1.5, 2.7)
    assert (one["avg_power_total_kw"], two["avg_power_total_kw"], both["avg_power_total_kw"]) == (1.2, 3, 4.2)
    assert both["max_power_total_kw"] == 4.2
    assert both["measurement_count"] == one["measurement_count"] + two["measurement_count"] == 60 + 31
    assert (one["coverage"], two["coverage"], both["coverage"]) == (1, 0.5, 0.75)


@pytest.mark.parametrize("refreshed", [False, True], ids=["at once", "after a refresh"])
def test_power_weighs_no_longer_than_it_was_measured(api: Api, readings: Connection, refreshed: bool) -> None:
    execute(
        readings,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total, active_power_l1)"
        " SELECT %s + n * interval '1 minute', 'one', n, CASE WHEN n = 0 THEN 1000 WHEN n >= 15 THEN 100 END"
        " FROM generate_series(0, 29) n",
        NOON,
    )
    if refreshed:
        execute(readings, "SELECT refresh_rollups()")
    [hour] = api.answer("energy/history", {"from": NOON, "to": NOON + HOUR})
    assert hour["avg_power_l1_kw"] == pytest.approx((1 * 1 + 15 * 0.1) / 16)


def test_coverage_is_never_above_1(api: Api, readings: Connection) -> None:
    execute(
        readings,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total)"
        " SELECT %s + n * interval '0.7 s', 'one', n FROM generate_series(-1, 6000) n",
        NOON,
    )
    [hour] = api.answer("energy/history", {"from": NOON, "to": NOON + HOUR})
    assert hour["coverage"] == 1


@pytest.mark.parametrize("refreshed", [False, True], ids=["at once", "after a refresh"])
def test_a_range_includes_its_start_and_not_its_end(api: Api, readings: Connection, refreshed: bool) -> None:
    read(readings, NOON - 2 * HOUR, 5 * 60)
    if refreshed:
        execute(readings, "SELECT refresh_rollups()")
    second = timedelta(seconds=1)
    for start, end, expected in [
        (NOON, NOON + HOUR, [NOON]),
        (NOON, NOON + HOUR + second, [NOON, NOON + HOUR]),
        (NOON + second, NOON + 2 * HOUR, [NOON + HOUR]),
        (NOON, NOON, []),
    ]:
        hours = api.answer("energy/history", {"from": start, "to": end})
        assert [hour["hour_start"] for hour in hours] == [z(moment) for moment in expected]


def test_an_end_that_is_absent_is_now(api: Api, readings: Connection) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    read(readings, now - 3 * HOUR, 180)
    hours = api.answer("energy/history", {"from": now - 3 * HOUR})
    assert hours[-1]["hour_start"] == z(now.replace(minute=0))


def test_days_months_and_years_are_those_of_the_house(api: Api, readings: Connection) -> None:
    read(readings, MIDNIGHT, 24 * 60)
    [day] = api.answer("energy/daily-summary", {"from": MIDNIGHT, "to": MIDNIGHT + 24 * HOUR})
    assert day == {
        "day_start": "2026-11-09T23:00:00Z",
        "day_end": "2026-11-10T23:00:00Z",
        "energy_consumption_kwh": 28.8,
        "measurement_count": 1440,
        "coverage": 1,
    }
    [month] = api.answer("energy/monthly-summary", {"from": "2026-10-31T23:00:00Z", "to": "2026-11-30T23:00:00Z"})
    assert (month["month_start"], month["month_end"]) == ("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z")
    [year] = api.answer("energy/yearly-summary", {"from": "2025-12-31T23:00:00Z", "to": "2026-12-31T23:00:00Z"})
    assert (year["year_start"], year["year_end"]) == ("2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z")
    assert month["energy_consumption_kwh"] == year["energy_consumption_kwh"] == 28.8
    assert month["measurement_count"] == year["measurement_count"] == 1441
    assert month["coverage"] == pytest.approx(1 / 30)
    assert year["coverage"] == pytest.approx(1 / 365)


@pytest.mark.parametrize("unit", ["daily", "monthly", "yearly"])
def test_periods_of_meters_are_summed_too(api: Api, readings: Connection, unit: str) -> None:
    read(readings, NOON, 60)
    read(readings, NOON, 60, serial="two", watts=3000)
    a_year = {"from": "2025-12-31T23:00:00Z", "to": "2026-12-31T23:00:00Z"}
    [both] = api.answer(f"energy/{unit}-summary", a_year)
    [two] = api.answer(f"energy/{unit}-summary", {**a_year, "device_serial": "two"})
    assert (both["energy_consumption_kwh"], two["energy_consumption_kwh"]) == (4.2, 3)


def test_sums_of_meters_are_whole_watt_hours(api: Api, readings: Connection) -> None:
    for serial, watt_hours in (("one", 1100), ("two", 2200)):
        execute(
            readings,
            "INSERT INTO energy_consumption (time, device_serial, active_energy_total, active_power_total)"
            " VALUES (%s, %s, 0, %s), (%s, %s, %s, 0)",
            *(NOON, serial, watt_hours, NOON + HOUR / 2, serial, watt_hours),
        )
    a_year = {"from": "2025-12-31T23:00:00Z", "to": "2026-12-31T23:00:00Z"}
    for unit in ("daily", "monthly", "yearly"):
        assert api.answer(f"energy/{unit}-summary", a_year)[0]["energy_consumption_kwh"] == 3.3
    [hour] = api.answer("energy/history", {"from": NOON, "to": NOON + HOUR})
    assert (hour["total_energy_kwh"], hour["max_power_total_kw"]) == (3.3, 3.3)


def test_this_hour_so_far(api: Api, readings: Connection) -> None:
    before = timezone.now().replace(microsecond=0)
    hour = before.replace(minute=0, second=0)
    read(readings, hour - HOUR, 60)
    read(readings, hour - HOUR, 60, serial="two", watts=3000)
    execute(
        readings,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total) VALUES (%s, 'one', 2207)",
        before + timedelta(seconds=1),
    )
    both, one = api.answer("energy/hourly-total"), api.answer("energy/hourly-total", {"device_serial": "one"})
    assert both.keys() == {"total_kwh", "hour_start", "current_time"}
    assert (one["total_kwh"], one["hour_start"]) == (0.007, z(hour))
    assert both["total_kwh"] == 0.007
    assert before <= datetime.fromisoformat(one["current_time"]) <= timezone.now()


def test_an_hour_without_readings_so_far_is_nothing(api: Api) -> None:
    assert api.answer("energy/hourly-total")["total_kwh"] == 0
    assert api.answer("energy/hourly-total", {"device_serial": "nobody's"})["total_kwh"] == 0


@pytest.mark.parametrize("path", ["history", "daily-summary", "monthly-summary", "yearly-summary"])
def test_a_range_comes_as_csv_too(api: Api, readings: Connection, path: str) -> None:
    read(readings, NOON, 120, watts=1234)
    query = {"from": "2025-12-31T23:00:00Z", "to": "2026-12-31T23:00:00Z"}
    response = api.get(f"energy/{path}", query, Accept="text/csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="energy-')
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [number_or_text(row) for row in rows] == api.answer(f"energy/{path}", query)


def number_or_text(row: dict[str, str]) -> dict[str, Any]:
    def value(text: str) -> Any:
        if text == "":
            return None
        return text if text.endswith("Z") else float(text)

    return {name: value(text) for name, text in row.items()}


def test_a_csv_of_nothing_has_a_header(api: Api) -> None:
    response = api.get("energy/daily-summary", {"from": NOON, "to": NOON}, Accept="text/csv")
    assert response.content.decode() == "day_start,day_end,energy_consumption_kwh,measurement_count,coverage\r\n"


def quarters_of(connection: Connection, count: int) -> None:
    """Add up quarters as if they had been read, from noon on."""
    execute(
        connection,
        "INSERT INTO counter_quarters (counter, device, quarter, amount, covered_seconds, measurement_count)"
        " SELECT 'energy', 'one', %s + n * interval '15 minutes', 1, 900, 1 FROM generate_series(0, %s - 1) n",
        *(NOON, count),
    )


def test_a_range_of_twenty_thousand_rows_is_answered(api: Api, readings: Connection) -> None:
    quarters_of(readings, 20_000)
    query = {"from": NOON, "to": NOON + timedelta(days=400), "resolution": "quarter"}
    assert len(api.answer("energy/history", query)) == 20_000


def test_a_longer_range_is_refused_with_one_that_would_do(api: Api, readings: Connection) -> None:
    quarters_of(readings, 20_005)
    query: dict[str, object] = {"from": NOON, "to": NOON + timedelta(days=400), "resolution": "quarter"}
    refusal = api.refusal("energy/history", query)
    would_do = z(NOON + timedelta(minutes=15) * 20_000)
    assert refusal["code"] == "too_many_rows"
    assert refusal["error"] == f"to: The range has more than 20,000 rows; at most {would_do} would do."
    assert len(api.answer("energy/history", {**query, "to": would_do})) == 20_000
    assert len(api.answer("energy/history", {**query, "resolution": "hour"})) == 5_002


@pytest.mark.parametrize("resolution", ["day", "Hour", "", "quarter hour"])
def test_an_unknown_resolution_is_refused(api: Api, resolution: str) -> None:
    assert "resolution" in api.refusal("energy/history", {"from": NOON, "resolution": resolution})["details"]

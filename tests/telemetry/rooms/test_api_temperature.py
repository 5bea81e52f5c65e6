"""What the API says of room sensors whose readings are known."""

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
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def read(connection: Connection, time: datetime, location: str | None, device: str = "one", **values: object) -> None:
    """Store a reading with some values; the others were not measured."""
    columns = ["time", "location", "device_id", *values]
    execute(
        connection,
        f"INSERT INTO temperature_sensors ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",
        *(time, location, device, *values.values()),
    )


def refresh(connection: Connection) -> None:
    execute(connection, "SELECT refresh_rollups()")


def test_the_newest_reading_of_a_room(api: Api, readings: Connection) -> None:
    read(readings, NOON, "kitchen", temperature_c=20)
    read(readings, NOON + MINUTE, "kitchen", temperature_c=21.5, humidity=40.2, battery_percent=90)
    read(readings, NOON + HOUR, "hall", "two", temperature_c=18)
    assert api.answer("temperature/latest", {"location": "kitchen"}) == {
        "time": "2026-11-10T12:01:00Z",
        "location": "kitchen",
        "device_id": "one",
        "temperature_c": 21.5,
        "humidity": 40.2,
        "battery_percent": 90,
    }


def test_an_unknown_room_is_null(api: Api) -> None:
    response = api.get("temperature/latest", {"location": "nowhere"})
    assert (response.status_code, response.content) == (200, b"null")
    assert response.headers["Content-Type"] == "application/json"


def test_a_room_must_be_named(api: Api) -> None:
    for path in ("latest", "history"):
        assert "location" in api.refusal(f"temperature/{path}")["details"]
        assert "location" in api.refusal(f"temperature/{path}", {"location": ""})["details"]


def latest(api: Api) -> list[tuple[str, str, float | None]]:
    return [
        (reading["location"], reading["device_id"], reading["temperature_c"])
        for reading in api.answer("temperature/all-latest")
    ]


@pytest.mark.parametrize("refreshed", [False, True], ids=["at once", "after a refresh"])
def test_the_newest_reading_of_each_room(api: Api, readings: Connection, refreshed: bool) -> None:
    for age, temperature in enumerate((22, 21, 20)):
        read(readings, NOON - age * HOUR, "kitchen", temperature_c=temperature)
        read(readings, NOON - age * 24 * HOUR, "hall", "two", temperature_c=temperature - 3)
    read(readings, NOON - 89 * 24 * HOUR, "attic", "three", temperature_c=5)
    read(readings, NOON + HOUR, None, "four", temperature_c=99)
    if refreshed:
        refresh(readings)
    assert latest(api) == [("attic", "three", 5), ("hall", "two", 19), ("kitchen", "one", 22)]


def test_no_room_is_an_empty_list(api: Api) -> None:
    assert latest(api) == []


def test_the_newer_of_two_sensors_in_a_room(api: Api, readings: Connection) -> None:
    read(readings, NOON, "kitchen", "one", temperature_c=20)
    read(readings, NOON + MINUTE, "kitchen", "two", temperature_c=21)
    refresh(readings)
    assert latest(api) == [("kitchen", "two", 21)]
    read(readings, NOON + 2 * MINUTE, "kitchen", "one", temperature_c=22)
    assert latest(api) == [("kitchen", "one", 22)]


def test_a_late_reading_is_not_the_newest(api: Api, readings: Connection) -> None:
    read(readings, NOON, "kitchen", temperature_c=20)
    refresh(readings)
    read(readings, NOON - 5 * HOUR, "kitchen", temperature_c=3)
    assert latest(api) == [("kitchen", "one", 20)]
    refresh(readings)
    assert latest(api) == [("kitchen", "one", 20)]


def test_a_sensor_that_was_moved_is_known_in_both_rooms(api: Api, readings: Connection) -> None:
    read(readings, NOON - 3 * HOUR, "hall", temperature_c=18)
    read(readings, NOON, "kitchen", temperature_c=21)
    refresh(readings)
    assert latest(api) == [("hall", "one", 18), ("kitchen", "one", 21)]


@pytest.mark.parametrize("refreshed", [False, True], ids=["at once", "after a refresh"])
def test_a_sensor_that_is_moved_within_an_hour_is_known_in_both_rooms(
    api: Api, readings: Connection, refreshed: bool
) -> None:
    read(readings, NOON - 10 * MINUTE, "attic", temperature_c=5)
    read(readings, NOON + 5 * MINUTE, "attic", temperature_c=6)
    if refreshed:
        refresh(readings)
    read(readings, NOON + 6 * MINUTE, "hall", temperature_c=18)
    read(readings, NOON + 40 * MINUTE, "hall", temperature_c=19)
    if refreshed:
        refresh(readings)
    assert latest(api) == [("attic", "one", 6), ("hall", "one", 19)]
    assert api.answer("temperature/latest", {"location": "attic"})["temperature_c"] == 6


def test_the_history_of_a_room_comes_oldest_first(api: Api, readings: Connection) -> None:
    now = timezone.now().replace(microsecond=0)
    read(readings, now - HOUR, "kitchen", temperature_c=21)
    read(readings, now - 2 * HOUR, "kitchen", mac_address="e4b32322a0f4", wifi_rssi=-60, battery_voltage=5.9)
    read(readings, now - HOUR, "hall", "two", temperature_c=18)
    first, second = api.answer("temperature/history", {"location": "kitchen"})
    assert first == {
        "time": f"{now - 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "location": "kitchen",
        "device_id": "one",
        "temperature_c": None,
        "humidity": None,
        "battery_percent": None,
        "mac_address": "e4b32322a0f4",
        "wifi_rssi": -60,
        "battery_voltage": 5.9,
    }
    assert second["temperature_c"] == 21


def test_a_history_goes_back_as_far_as_asked(api: Api, readings: Connection) -> None:
    now = timezone.now()
    for age in (0.5, 1.5, 23.5, 24.5, 167.5, 168.5):
        read(readings, now - age * HOUR, "kitchen", temperature_c=age)

    def ages(**query: object) -> list[float]:
        rows = api.answer("temperature/history", {"location": "kitchen", **query})
        return [row["temperature_c"] for row in rows]

    assert ages() == ages(hours=24) == [23.5, 1.5, 0.5]
    assert ages(hours=1) == [0.5]
    assert ages(hours=168) == [167.5, 24.5, 23.5, 1.5, 0.5]


@pytest.mark.parametrize("hours", ["0", "169", "-1", "1.0", "1_0", " 5", "five", "", "\u0665", "1e2", "9" * 30])
def test_hours_are_a_whole_number_from_1_to_168(api: Api, hours: str) -> None:
    refusal = api.refusal("temperature/history", {"location": "kitchen", "hours": hours})
    assert list(refusal["details"]) == ["hours"]


def test_a_history_comes_as_csv_too(api: Api, readings: Connection) -> None:
    read(readings, timezone.now() - HOUR, "kitchen, left", temperature_c=21.25)
    response = api.get("temperature/history", {"location": "kitchen, left"}, Accept="text/csv")
    [row] = csv.DictReader(io.StringIO(response.content.decode()))
    assert (row["location"], row["temperature_c"], row["humidity"]) == ("kitchen, left", "21.25", "")


def test_a_history_of_too_many_readings_says_how_many_hours_would_do(api: Api, readings: Connection) -> None:
    execute(
        readings,
        "INSERT INTO temperature_sensors (time, device_id, location)"
        " SELECT now() - interval '6 hours' - n * interval '1 s', 'one', 'kitchen' FROM generate_series(1, 20001) n",
    )
    refusal = api.refusal("temperature/history", {"location": "kitchen", "hours": 12})
    assert refusal["error"] == "hours: The range has more than 20,000 rows; 11 would do."
    assert len(api.answer("temperature/history", {"location": "kitchen", "hours": 11})) < 20_000


@pytest.mark.parametrize("fixture", ["readings", "timescale"])
def test_the_hours_that_other_tools_read(request: pytest.FixtureRequest, fixture: str) -> None:
    connection: Connection = request.getfixturevalue(fixture)
    read(connection, NOON, "kitchen", "of this test", temperature_c=20, humidity=40)
    read(connection, NOON + 30 * MINUTE, "kitchen", "of this test", temperature_c=22)
    before = view(connection)
    refresh(connection)
    assert view(connection) == before
    assert before[0] == (NOON, "kitchen", 21, 20, 22, 40, 2)
    # The sensor is silent for two hours while nothing changes.
    assert before[1:] == [
        (NOON + HOUR, "kitchen", 22, 22, 22, None, 0),
        (NOON + 2 * HOUR, "kitchen", 22, 22, 22, None, 0),
    ]


def view(connection: Connection) -> list[tuple[Any, ...]]:
    return execute(
        connection,
        "SELECT hour_start, location, avg_temperature_c, min_temperature_c, max_temperature_c, avg_humidity,"
        " measurement_count FROM temperature_hourly WHERE device_id = 'of this test' ORDER BY hour_start",
    )

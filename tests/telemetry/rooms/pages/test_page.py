"""The page of the rooms, from what sensors said to what a person reads."""

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from telemetry.schema.runner import Connection
from tests.api_fixture import execute
from tests.telemetry.rooms.test_api_temperature import read, refresh

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _alice(client: Client) -> None:
    client.force_login(User.objects.create_user("alice"))


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def page(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"/rooms/?{query}")
    assert answer.status_code == status
    return answer.content.decode()


def words(text: str) -> str:
    without_markup = re.sub(r"<script.*?</script>|<[^>]*>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(without_markup))


def charts(text: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script id="room-chart-\d+" type="application/json">(.*?)</script>', text, re.DOTALL)
    return [json.loads(one) for one in found]


def known(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def test_a_stranger_is_asked_to_log_in() -> None:
    assert Client().get("/rooms/").url.startswith("/login/")  # type: ignore[attr-defined] # a redirect


def test_a_room_shows_what_is_known_now(client: Client, readings: Connection, now: datetime) -> None:
    read(readings, now - HOUR, "kitchen", temperature_c=21.5, humidity=40.2, battery_percent=9)
    shown = page(client)
    assert "Kitchen" in shown
    assert "Temperature 21.5 °C Humidity 40 % Battery 9 %" in words(shown)
    assert "is-low" in shown
    assert "silent" not in words(shown)


def test_a_silent_sensor_is_said_in_words(client: Client, readings: Connection, now: datetime) -> None:
    read(readings, now - 20 * HOUR, "kitchen", temperature_c=21.5)
    assert "The sensor has been silent for 20 h. Its last reading is of" in words(page(client))


def test_a_day_is_drawn_from_single_readings(client: Client, readings: Connection, now: datetime) -> None:
    for minutes, degrees in ((50, 20.0), (40, 20.5), (30, 21.0)):
        read(readings, now - minutes * MINUTE, "kitchen", temperature_c=degrees)
    (chart,) = charts(page(client))
    assert chart["step"] == "moment"
    assert known(chart["series"][0]["values"]) == [20, 20.5, 21, 21]


@pytest.mark.parametrize(
    ("name", "step", "count"), [("week", "hour", 168), ("month", "hour", 720), ("year", "day", 365)]
)
def test_longer_ranges_are_drawn_from_means(
    client: Client, readings: Connection, now: datetime, name: str, step: str, count: int
) -> None:
    two_days_ago = now.replace(minute=0, second=0, microsecond=0) - 2 * DAY
    read(readings, two_days_ago, "kitchen", temperature_c=20, humidity=40)
    read(readings, two_days_ago + 30 * MINUTE, "kitchen", temperature_c=22, humidity=44)
    refresh(readings)
    (chart,) = charts(page(client, f"range={name}"))
    assert (chart["step"], len(chart["times"])) == (step, count)
    line = next(series for series in chart["series"] if series["look"] == "line")
    assert known(line["values"])[0] == pytest.approx(21.5, abs=0.6)


def test_rooms_do_not_mix(client: Client, readings: Connection, now: datetime) -> None:
    read(readings, now - HOUR, "hall", "two", temperature_c=18)
    read(readings, now - HOUR, "kitchen", temperature_c=21)
    hall, kitchen = charts(page(client))
    assert {*known(hall["series"][0]["values"])} == {18}
    assert {*known(kitchen["series"][0]["values"])} == {21}


def test_the_table_has_the_hours_newest_first(client: Client, readings: Connection, now: datetime) -> None:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    read(readings, this_hour - 5 * HOUR, "kitchen", temperature_c=20)
    read(readings, this_hour, "kitchen", temperature_c=22)
    starts = re.findall(r'<th scope="row"><time datetime="([^"]+)"', page(client))
    assert starts == sorted(starts, reverse=True)
    assert starts[0] == f"{this_hour:%Y-%m-%dT%H:%M:%SZ}"


def test_a_house_without_sensors_has_a_friendly_page(client: Client, readings: Connection) -> None:
    assert "No room sensor has sent anything yet." in words(page(client))


def test_a_bad_range_gets_a_sentence(client: Client, readings: Connection) -> None:
    assert "There is no such range." in words(page(client, "range=decade", status=400))


def test_the_page_knows_swedish(client: Client, readings: Connection, now: datetime) -> None:
    execute(readings, "SELECT refresh_rollups()")
    read(readings, now - HOUR, "kitchen", temperature_c=-1.5)
    client.cookies["django_language"] = "sv"
    # The test client leaves the language of a request behind it.
    with translation.override("sv"):
        shown = words(page(client))
    assert "Temperatur \N{MINUS SIGN}1,5 °C" in shown
    assert "Luftfuktighet" in shown

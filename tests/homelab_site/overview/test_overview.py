"""What the first page says of a house whose readings are known."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from homelab_site.overview.selectors import house
from telemetry.schema.runner import Connection
from tests.energy.test_api_energy import read as read_meter
from tests.heatpump.test_api_heatpump import read as read_pump
from tests.telemetry.rooms.test_api_temperature import read as read_sensor

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _alice(client: Client) -> None:
    client.force_login(User.objects.create_user("alice", password="alice-s-secret"))


def hours_between(start: datetime, end: datetime) -> float:
    """Return the hours that pass, which a local clock that is put forward or back does not show."""
    return (end.astimezone(UTC) - start.astimezone(UTC)) / HOUR


def midnight_before(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def text(client: Client, **headers: str) -> str:
    """Return the page's words, without its markup."""
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())))


def test_a_house_that_has_said_nothing_yet_is_told_so(client: Client, readings: Connection) -> None:
    page = text(client)
    assert "No reading has arrived yet" in page
    assert page.count("The electricity meter has not sent anything yet.") == 2
    assert "kWh" not in page


def test_when_all_is_well_the_page_says_so(client: Client, readings: Connection) -> None:
    now = timezone.now()
    read_meter(readings, now - HOUR, 60, watts=1234)
    read_pump(readings, now - MINUTE, compressor_on=True, supplyline_temp=38.0, outdoor_temp=-3.0)
    page = text(client)
    assert "All is well" in page
    assert "1.23 kW" in page
    assert "Heating compressor on Supply 38 °C Outdoors \N{MINUS SIGN}3 °C" in page


def test_swedish_is_written_as_in_sweden(client: Client, readings: Connection) -> None:
    read_meter(readings, timezone.now() - HOUR, 60, watts=1234)
    page = text(client, Accept_Language="sv")
    assert "Allt är väl" in page
    assert "1,23 kW" in page


def test_what_is_silent_and_what_alarms_stands_at_the_top(client: Client, readings: Connection) -> None:
    now = timezone.now()
    read_meter(readings, now - 3 * HOUR, 60)
    read_pump(readings, now, compressor_on=False, alarms=["low_brine_flow"])
    read_sensor(readings, now - 5 * HOUR, "kitchen", temperature_c=20, battery_percent=9)
    page = text(client)
    assert "4 things need a look The heat pump has an alarm: low brine flow." in page
    assert "The electricity meter has been silent for 2 h." in page
    assert "The sensor of kitchen has been silent for 5 h." in page
    assert "The battery of the sensor of kitchen is at 9 %." in page


def test_a_reading_of_the_future_does_not_hide_that_its_device_is_silent(client: Client, readings: Connection) -> None:
    now = timezone.now()
    for moment in (now - 3 * HOUR, now + 2 * DAY):
        read_meter(readings, moment, 0)
        read_pump(readings, moment, compressor_on=False)
        read_sensor(readings, moment, "kitchen", temperature_c=20)
    page = text(client)
    assert "3 things need a look The electricity meter has been silent for 3 h." in page
    assert "The heat pump has been silent for 3 h." in page
    assert "The sensor of kitchen has been silent for 3 h." in page


def test_yesterday_counts_until_the_same_time_of_day(readings: Connection) -> None:
    now = timezone.localtime()
    midnight = midnight_before(now)
    start = midnight - DAY - HOUR
    read_meter(readings, start, round(hours_between(start, now) * 60), watts=1000)
    used = house().used
    assert used.today == pytest.approx(hours_between(midnight, now), abs=0.05)
    assert used.yesterday_by_now == pytest.approx(hours_between(midnight - DAY, now - DAY), abs=0.05)
    assert used.yesterday == pytest.approx(hours_between(midnight - DAY, midnight), abs=0.05)


def test_a_day_without_readings_is_not_compared_with(readings: Connection) -> None:
    now = timezone.localtime()
    midnight = midnight_before(now)
    read_meter(readings, midnight, int(hours_between(midnight, now) * 60))
    assert house().used.yesterday is None


def test_what_was_not_measured_is_not_said_to_be_nothing(client: Client, readings: Connection) -> None:
    read_meter(readings, timezone.now() - 3 * DAY, 60)
    assert "This hour \N{EN DASH} kWh Today \N{EN DASH} kWh" in text(client)


def test_an_hour_of_a_gap_has_no_bar(readings: Connection) -> None:
    now = timezone.now()
    read_meter(readings, now - HOUR, 60)
    hours = house().hours
    assert len(hours) == 24
    assert hours[0][1] is None
    assert hours[-1][1] is not None


def test_a_sensor_that_sends_only_what_changed_keeps_the_rest(readings: Connection) -> None:
    now = timezone.now()
    read_sensor(readings, now - 2 * HOUR, "kitchen", temperature_c=20.5, battery_percent=80)
    read_sensor(readings, now - HOUR, "kitchen", humidity=41)
    (room,) = house().rooms
    assert (room.temperature_c, room.humidity, room.battery_percent) == (20.5, 41, 80)
    assert room.since == now - 2 * HOUR
    assert room.time == now - HOUR

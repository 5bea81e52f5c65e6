"""The energy page: its numbers are the API's, its address says all, and nothing in it can break the page."""

import csv
import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from energy.selectors import Meter, meters
from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute
from tests.energy.test_api_energy import read

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

# Midnight of the house on Monday, 10 November 2025, in UTC.
MONDAY = datetime(2025, 11, 9, 23, tzinfo=UTC)
DAY_MINUTES = 24 * 60


@pytest.fixture(autouse=True)
def _alice(client: Client) -> None:
    client.force_login(User.objects.create_user("alice"))


def page(client: Client, query: Mapping[str, str] | str = "", status: int = 200) -> str:
    answer = client.get("/energy/", query) if isinstance(query, Mapping) else client.get(f"/energy/?{query}")
    assert answer.status_code == status
    return answer.content.decode()


def table(text: str) -> list[tuple[str, float]]:
    """Return the start and the kWh of each row."""
    body = re.findall(r"<tbody>(.*)</tbody>", text, re.DOTALL)
    found = re.findall(r'<time datetime="([^"]+)">.*?<data value="([^"]+)">', body[0], re.DOTALL) if body else []
    return [(start, float(kwh)) for start, kwh in found]


def chart(text: str) -> dict[str, Any]:
    (found,) = re.findall(r'<script id="energy-chart" type="application/json">(.*?)</script>', text, re.DOTALL)
    drawn: dict[str, Any] = json.loads(found)
    return drawn


def words(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text)))


def test_a_stranger_is_asked_to_log_in() -> None:
    for path in ("/energy/", "/energy/energy.csv"):
        assert Client().get(path).url.startswith("/login/")  # type: ignore[attr-defined] # a redirect


@pytest.mark.parametrize(
    ("resolution", "path", "start", "kwh"),
    [
        ("hour", "history", "hour_start", "total_energy_kwh"),
        ("day", "daily-summary", "day_start", "energy_consumption_kwh"),
        ("month", "monthly-summary", "month_start", "energy_consumption_kwh"),
        ("year", "yearly-summary", "year_start", "energy_consumption_kwh"),
    ],
)
def test_a_range_has_the_numbers_of_the_api(
    client: Client, api: Api, readings: Connection, resolution: str, path: str, start: str, kwh: str
) -> None:
    read(readings, MONDAY, 4 * DAY_MINUTES, watts=1234)
    shown = page(client, {"from": "2025-11-09", "to": "2025-11-13", "by": resolution})
    first, end = (
        ("2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z")
        if resolution in {"month", "year"}
        else (
            "2025-11-08T23:00:00Z",
            "2025-11-13T23:00:00Z",
        )
    )
    answer = api.answer(f"energy/{path}", {"from": first, "to": end})
    assert answer
    assert table(shown) == [(row[start], row[kwh]) for row in answer]
    drawn = chart(shown)
    assert [value for value in drawn["series"][0]["values"] if value is not None] == [row[kwh] for row in answer]


def test_the_file_has_the_rows_of_the_table(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, 3 * DAY_MINUTES)
    query = {"from": "2025-11-10", "to": "2025-11-12", "by": "hour"}
    answer = client.get("/energy/energy.csv", query)
    assert answer["Content-Disposition"] == 'attachment; filename="energy-2025-11-10-2025-11-12-hour.csv"'
    rows = [
        (row["hour_start"], float(row["total_energy_kwh"])) for row in csv.DictReader(answer.content.decode().split())
    ]
    assert rows == table(page(client, query))
    assert len(rows) == 72


def test_the_link_to_the_file_leads_to_what_is_shown(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, 3 * DAY_MINUTES)
    shown = page(client, {"from": "2025-11-10", "to": "2025-11-12", "meter": "one"})
    (link,) = re.findall(r'href="(/energy/energy\.csv[^"]*)"', shown)
    lines = client.get(html.unescape(link)).content.decode().split()
    assert [line.split(",")[0] for line in lines[1:]] == [start for start, _ in table(shown)]


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25)])
def test_the_day_on_which_the_clock_changes_has_its_hours(
    client: Client, readings: Connection, day: str, hours: int
) -> None:
    noon_before = datetime.fromisoformat(f"{day}T12:00:00Z").replace(hour=0) - (MONDAY - MONDAY.replace(hour=11))
    read(readings, noon_before, 3 * DAY_MINUTES, watts=1000)
    shown = page(client, {"from": day, "to": day, "by": "hour"})
    assert [kwh for _, kwh in table(shown)] == [1.0] * hours
    assert len(chart(shown)["times"]) == hours
    assert table(page(client, {"from": day, "to": day, "by": "day"}))[0][1] == hours


def test_the_hour_that_comes_twice_is_told_apart(client: Client, readings: Connection) -> None:
    read(readings, datetime(2025, 10, 25, 12, tzinfo=UTC), 2 * DAY_MINUTES)
    shown = words(page(client, {"from": "2025-10-26", "to": "2025-10-26", "by": "hour"}))
    assert "02:00\N{EN DASH}02:00 CEST" in shown
    assert "02:00\N{EN DASH}03:00 CET" in shown


def test_a_gap_is_marked(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, DAY_MINUTES, base=0, watts=1000)
    read(readings, datetime(2025, 11, 12, 11, tzinfo=UTC), DAY_MINUTES, base=60_000, watts=1000)
    shown = page(client, {"from": "2025-11-10", "to": "2025-11-12", "by": "day"})
    assert chart(shown)["series"][0]["marked"] == [False, True, True]
    assert [float(row) for _, row in table(shown)] == pytest.approx([24, 24, 24], abs=0.01)
    assert "50 %, gap" in words(shown)


def test_what_nobody_measured_has_no_row_and_no_value(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, DAY_MINUTES - 1)
    shown = page(client, {"from": "2025-11-09", "to": "2025-11-11", "by": "day"})
    values = chart(shown)["series"][0]["values"]
    assert [value is None for value in values] == [True, False, True]
    assert len(table(shown)) == 1


def test_a_week_lies_beside_the_week_before(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, 7 * DAY_MINUTES, watts=1000, base=0)
    read(readings, datetime(2025, 11, 16, 23, 1, tzinfo=UTC), 7 * DAY_MINUTES, watts=500, base=168_000)
    shown = page(client, {"from": "2025-11-17", "to": "2025-11-23", "compare": "1"})
    before, used = chart(shown)["series"]
    assert before["values"] == pytest.approx([24] * 7, abs=0.05)
    assert used["values"] == pytest.approx([12] * 7, abs=0.05)
    assert "50 % less than the week before." in words(shown)


def test_months_are_compared_by_day(client: Client, readings: Connection) -> None:
    read(readings, datetime(2025, 1, 31, 23, tzinfo=UTC), 60 * DAY_MINUTES, watts=1000)
    assert "As much as the month before, by day." in words(page(client, {"from": "2025-03-01", "to": "2025-03-31"}))


def test_a_meter_can_be_chosen_where_there_are_several(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, DAY_MINUTES, watts=1000)
    assert 'name="meter"' not in page(client)
    read(readings, MONDAY, DAY_MINUTES, watts=500, serial="two")
    query = {"from": "2025-11-10", "to": "2025-11-10", "by": "day"}
    assert table(page(client, query))[0][1] == 36
    assert table(page(client, {**query, "meter": "two"}))[0][1] == 12


def test_this_month_is_shown_where_nothing_is_asked_for(client: Client, readings: Connection) -> None:
    now = timezone.now()
    read(readings, now - (MONDAY - MONDAY.replace(hour=20)), 60)
    shown = page(client)
    assert f"{timezone.localtime(now):%B %Y}" in words(shown)
    assert re.search(r'aria-current="true">\s*This month', shown)


def test_a_house_without_readings_has_a_friendly_page(client: Client, readings: Connection) -> None:
    assert "No meter has sent anything yet." in words(page(client))
    assert "No meter has sent anything yet." in words(page(client, "range=nonsense"))


def test_a_range_without_readings_says_so(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, 60)
    shown = page(client, {"from": "2021-01-01", "to": "2021-01-31"})
    assert "Nothing was measured in this range." in words(shown)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("from=2025-11-12&to=2025-11-10", "The first day is after the last one."),
        ("to=2025-11-10", "Give the first day, too."),
        ("from=yesterday", "Give a day as in 2026-11-25."),
        ("from=2025-02-30", "Give a day as in 2026-11-25."),
        ("from=0001-01-01&to=9999-12-31", "Give a day between the years 1970 and 2199."),
        ("range=someday", "someday is not one of the available choices"),
        ("by=minute", "minute is not one of the available choices"),
        ("meter=nobody's", "nobody's is not one of the available choices"),
        ("from=%00&meter=%00", "Give a day as in 2026-11-25."),
    ],
)
def test_a_bad_address_gets_a_sentence(client: Client, readings: Connection, query: str, complaint: str) -> None:
    read(readings, MONDAY, 60)
    assert complaint in words(page(client, query, status=400))
    answer = client.get(f"/energy/energy.csv?{query}")
    assert (answer.status_code, complaint in answer.content.decode()) == (400, True)


def test_every_range_of_the_calendar_can_be_shown(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, DAY_MINUTES)
    shown = page(client, {"from": "1970-01-01", "to": "2199-12-31", "by": "hour", "compare": "1"})
    assert "has too many hours for one page" in words(shown)
    assert chart(shown)["step"] == "year"


def test_the_page_knows_swedish(client: Client, readings: Connection) -> None:
    read(readings, MONDAY, DAY_MINUTES, watts=1234)
    client.cookies["django_language"] = "sv"
    # The test client leaves the language of a request behind it.
    with translation.override("sv"):
        shown = words(page(client, {"from": "2025-11-10", "to": "2025-11-10", "by": "day"}))
    assert "måndag 10 november 2025" in shown
    assert "29,6 kWh" in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert "Förbrukat" in shown


def test_meters_are_known_from_their_first_reading_to_their_newest(readings: Connection) -> None:
    read(readings, MONDAY.replace(minute=20), 60)
    execute(readings, "SELECT refresh_rollups()")
    newest = MONDAY.replace(day=10, hour=0, minute=20)
    assert meters().rows(limit=2) == [Meter("one", MONDAY.replace(minute=15), newest)]

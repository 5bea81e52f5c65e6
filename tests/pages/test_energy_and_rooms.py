"""The energy page and the rooms in a real browser: numbers, charts, keys, and what is there without scripts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from telemetry.schema.runner import Connection
from tests.api_fixture import execute
from tests.energy.test_api_energy import read as read_meter
from tests.pages.conftest import THEMES, WIDTHS, Visit, complaints
from tests.telemetry.rooms.test_api_temperature import read as read_sensor
from tests.waiting import eventually

# Midnight of the house on Monday, 10 November 2025, in UTC.
MONDAY = datetime(2025, 11, 9, 23, tzinfo=UTC)
WEEK = "/energy/?from=2025-11-10&to=2025-11-16"
MONDAY_HOURS = "/energy/?from=2025-11-10&to=2025-11-10"


@pytest.fixture(scope="module", autouse=True)
def _recorded(house: Connection) -> None:
    """A meter over ten days with a gap, and sensors of two rooms, one of which is silent."""
    read_meter(house, MONDAY, 4 * 24 * 60, watts=1234, base=0)
    read_meter(house, MONDAY + timedelta(days=5), 5 * 24 * 60, watts=800, base=160_000)
    now = timezone.now()
    for minutes in range(0, 600, 10):
        moment = now - timedelta(minutes=minutes)
        read_sensor(house, moment, "kitchen", temperature_c=20 + minutes % 30 / 10, humidity=40, battery_percent=90)
        read_sensor(house, moment - timedelta(hours=8), "hall", "two", temperature_c=18, battery_percent=9)
    execute(house, "SELECT refresh_rollups()")


def test_a_range_has_the_numbers_of_the_api(visit: Visit) -> None:
    page = visit(WEEK)
    answer = page.request.get("/api/v1/energy/daily-summary?from=2025-11-09T23:00:00Z&to=2025-11-16T23:00:00Z").json()
    used = page.locator("#energy-table tbody data").evaluate_all("all => all.map(one => Number(one.value))")
    assert used == [day["energy_consumption_kwh"] for day in answer]
    assert len(used) == 7
    total = float(page.locator("#total").get_attribute("value") or "nan")
    assert total == pytest.approx(sum(used))


def test_the_chart_reads_out_what_the_table_says(visit: Visit) -> None:
    page = visit(WEEK)
    field = page.get_by_role("slider", name="Energy used in kWh")
    field.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(field).to_have_attribute("aria-valuetext", re.compile("^Tuesday,? 11 November 2025, .*: 29.6\u00a0kWh$"))
    expect(page.locator(".chart-when")).to_have_text(re.compile("^Tuesday,? 11 November 2025$"))
    page.keyboard.press("End")
    expect(page.locator(".chart-value").first).to_have_text("19.2\u00a0kWh")


def test_a_gap_is_said_to_be_one(visit: Visit) -> None:
    page = visit(WEEK)
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile("not fully measured"))


def test_times_are_the_house_s_wherever_the_browser_is(visit: Visit) -> None:
    page = visit(MONDAY_HOURS, timezone_id="Pacific/Auckland")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(page.locator(".chart-when")).to_have_text(re.compile("^Mon,? 10 Nov,? 00:00\N{EN DASH}01:00$"))


def test_a_part_can_be_looked_at_closely(visit: Visit) -> None:
    page = visit(MONDAY_HOURS)
    show_all = page.get_by_role("button", name="Show all")
    expect(show_all).to_be_hidden()
    box = page.locator(".u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=4)
    page.mouse.up()
    show_all.click()
    expect(show_all).to_be_hidden()
    page.get_by_role("slider").focus()
    page.keyboard.press("+")
    expect(show_all).to_be_visible()
    page.keyboard.press("Escape")
    expect(show_all).to_be_hidden()


def test_a_chart_is_drawn_again_when_the_theme_changes(visit: Visit) -> None:
    page = visit(WEEK)
    canvas = page.locator("canvas")
    light = canvas.evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    # The browser tells the page in its next frame.
    eventually(lambda: canvas.evaluate("canvas => canvas.toDataURL()") != light)


def test_the_address_says_what_is_shown_and_the_way_back_works(visit: Visit) -> None:
    page = visit(WEEK)
    page.get_by_role("link", name="Compare with the week before").click()
    expect(page.get_by_role("columnheader", name="Before, kWh")).to_be_visible()
    page.get_by_role("link", name="Hours").click()
    expect(page.locator("#energy-table tbody tr")).to_have_count(7 * 24)
    page.go_back()
    expect(page.locator("#energy-table tbody tr")).to_have_count(7)
    expect(page.get_by_role("link", name="Do not compare")).to_be_visible()


def test_dates_are_chosen_freely(visit: Visit) -> None:
    page = visit(WEEK)
    page.get_by_label("From").fill("2025-11-12")
    page.get_by_label("To").fill("2025-11-13")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("12 \N{EN DASH} 13 November 2025")


def test_without_scripts_there_is_the_table(visit: Visit) -> None:
    page = visit(WEEK, java_script_enabled=False)
    expect(page.locator("#energy-table tbody tr")).to_have_count(7)
    expect(page.locator("figure.chart")).to_be_hidden()


def test_each_room_has_its_curve(visit: Visit) -> None:
    page = visit("/rooms/")
    expect(page.get_by_role("slider", name="kitchen")).to_be_visible()
    expect(page.get_by_text("The sensor has been silent for 8 h")).to_be_visible()
    page.get_by_role("link", name="Year").click()
    field = page.get_by_role("slider", name="kitchen")
    field.focus()
    page.keyboard.press("End")
    expect(field).to_have_attribute("aria-valuetext", re.compile("Temperature: 2"))


@pytest.mark.parametrize("path", [f"{WEEK}&compare=1", "/rooms/", "/rooms/?range=year"])
@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), *zip(WIDTHS, THEMES, strict=True)])
def test_everybody_can_use_the_page(visit: Visit, path: str, width: int, theme: str) -> None:
    page = visit(path, width=width, theme=theme)
    expect(page.locator("canvas").first).to_be_visible()
    assert complaints(page) == []


def test_the_whole_table_fits_on_a_phone(visit: Visit) -> None:
    table = visit(WEEK, width=390).locator(".table-scroll").first
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_a_page_takes_in_what_is_new_and_stays_as_somebody_looks_at_it(visit: Visit, house: Connection) -> None:
    page = visit("/rooms/")
    figure = page.locator("figure.chart").last
    field = figure.get_by_role("slider")
    field.focus()
    page.keyboard.press("Home")
    page.keyboard.press("+")
    expect(figure).to_have_class(re.compile("is-zoomed"))
    canvas = figure.locator("canvas").element_handle()
    read_sensor(house, timezone.now(), "kitchen", temperature_c=31)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("31.0 °C")).to_be_visible()
    assert not canvas.is_visible()
    expect(figure).to_have_class(re.compile("is-zoomed"))
    expect(field).to_be_focused()


def test_charts_speak_swedish(visit: Visit) -> None:
    page = visit(WEEK, locale="sv-SE")
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(page.locator(".chart-value").first).to_have_text("29,6\u00a0kWh")
    expect(page.locator(".chart-when")).to_have_text("måndag 10 november 2025")

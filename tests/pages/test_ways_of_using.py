"""How the pages are used without a mouse, with a finger, and by people who have told their system what they need."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from bridge.devices.thermiq_registers import SETTINGS
from telemetry.schema.runner import Connection
from tests.api_fixture import execute
from tests.pages.conftest import NAME, Visit, complaints
from tests.telemetry.rooms.test_api_temperature import read as read_sensor

PAGES = ["/", "/energy/", "/heatpump/", "/rooms/", "/status/", "/login/"]
DAY_MINUTES = 24 * 60

# What can be used and seen, in the order of the document. What has the focus is one of these, and seen.
USABLE = """
    const usable = "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']";
    const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
    const all = [...document.querySelectorAll(usable)].filter(seen);
"""
FOCUSED = f"""() => {{
    {USABLE}
    const one = document.activeElement;
    if (one === document.body) return null;
    const box = one.getBoundingClientRect();
    const [x, y] = [box.x + Math.min(box.width / 2, innerWidth / 2), box.y + Math.min(box.height / 2, 20)];
    const top = document.elementFromPoint(x, y);
    return {{
        place: all.indexOf(one),
        named: one.outerHTML.slice(0, 120),
        is_seen: top !== null && (one.contains(top) || top.contains(one)),
        is_marked: getComputedStyle(one).outlineStyle !== "none",
    }};
}}"""
SMALL = f"""() => {{
    {USABLE}
    const inText = (one) => one.closest("p, li") && one.matches("a") && !one.closest(".attention");
    return all.filter((one) => !one.matches(".skip, .table-scroll, .chart-field") && !inText(one))
        .map((one) => [one.getBoundingClientRect(), one])
        .filter(([box]) => box.width < 43.5 || box.height < 43.5)
        .map(([box, one]) => `${{box.width}} x ${{box.height}}: ${{one.outerHTML.slice(0, 120)}}`);
}}"""


@pytest.fixture(scope="module", autouse=True)
def _lived_in(house: Connection) -> None:
    """A day of a meter, of a heat pump with an alarm and of two rooms, of which one has been silent for long."""
    now = timezone.now().replace(microsecond=0)
    execute(
        house,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total, active_power_total)"
        " SELECT %s - n * interval '1 minute', 'one', 100000 - n * 20, 1200 FROM generate_series(0, 1440) n",
        now,
    )
    execute(
        house,
        "INSERT INTO heatpump_status (time, device_id, supplyline_temp, returnline_temp, outdoor_temp, integral,"
        " compressor_on, runtime_compressor, alarms) SELECT %s - n * interval '1 minute', 'pump', 38, 33, -5, -60,"
        " n %% 40 < 20, 9000 - n / 120, CASE n WHEN 0 THEN '{high_pressure}'::text[] END"
        " FROM generate_series(0, 1440) n",
        now,
    )
    for minutes in range(0, DAY_MINUTES, 30):
        moment = now - timedelta(minutes=minutes)
        read_sensor(house, moment, "kitchen", temperature_c=21, humidity=40, battery_percent=90)
        read_sensor(house, moment - timedelta(hours=8), "hall", "two", temperature_c=18, battery_percent=9)
    execute(house, "SELECT refresh_rollups()")


@pytest.fixture(scope="module", autouse=True)
def _astrid_may_write(astrid: None) -> Iterator[None]:
    """Astrid is one of the staff, and the pump has settings."""
    with closing(psycopg2.connect(settings.DATABASE_URL)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("UPDATE auth_user SET is_staff = true WHERE username = %s", [NAME])
        cursor.execute(
            "INSERT INTO heatpump_heatpump (device_id, updated_at) VALUES ('pump', now())"
            " ON CONFLICT (device_id) DO UPDATE SET updated_at = now() RETURNING id"
        )
        (pump,) = cursor.fetchone() or ()
        for register in SETTINGS:
            cursor.execute(
                "INSERT INTO heatpump_setting (pump_id, name, confirmed, confirmed_at) VALUES (%s, %s, %s, now())",
                [pump, register.name, register.minimum],
            )
        yield
        cursor.execute("DELETE FROM heatpump_setting WHERE pump_id = %s", [pump])
        cursor.execute("DELETE FROM heatpump_heatpump WHERE id = %s", [pump])
        cursor.execute("UPDATE auth_user SET is_staff = false WHERE username = %s", [NAME])


def walk(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page; return what had it."""
    met: list[dict[str, Any]] = []
    for _ in range(300):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or (met and focused["place"] < met[-1]["place"]):
            return met
        if not met or focused["place"] > met[-1]["place"]:  # a date is several stops in one field
            met.append(focused)
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [390, 1440])
def test_all_that_can_be_used_is_reached_by_tab_in_order_and_seen(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width)
    expect(page.locator("figure[data-chart]:not(:has(canvas))")).to_have_count(0)  # each is drawn when there is time
    met = walk(page)
    assert [one["place"] for one in met] == list(range(page.evaluate(f"() => {{ {USABLE} return all.length; }}")))
    assert [one for one in met if not (one["is_seen"] and one["is_marked"])] == []


def test_the_menu_can_be_skipped(visit: Visit) -> None:
    page = visit("/energy/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 390])
def test_a_finger_hits_what_it_aims_at(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width, has_touch=True, is_mobile=True)
    page.wait_for_load_state()
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("path", PAGES)
def test_only_what_matters_speaks_up(visit: Visit, path: str) -> None:
    """No number that moves stands in a live region; what is in one is a line, not a list."""
    page = visit(path)
    regions = page.locator("[role=status], [role=alert], [aria-live]")
    for region in regions.all():
        assert region.locator("time, li, [data-watts]").count() == 0


def test_whoever_wants_no_movement_gets_none(visit: Visit) -> None:
    page = visit("/", reduced_motion="reduce")
    for drawn in (".dial-arc", ".bar-fill"):
        assert page.locator(drawn).first.evaluate("one => getComputedStyle(one).transitionDuration") == "0s"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("wish", [{"forced_colors": "active"}, {"contrast": "more"}])
def test_colours_of_the_system_s_own_and_more_contrast_can_be_read(visit: Visit, path: str, wish: Any) -> None:
    assert complaints(visit(path, **wish)) == []


def test_a_chart_has_its_values_in_words(visit: Visit) -> None:
    page = visit("/heatpump/")
    for field in page.get_by_role("slider").all():
        assert field.get_attribute("aria-label")
        assert ": " in (field.get_attribute("aria-valuetext") or "")


def test_a_field_says_what_it_takes(visit: Visit) -> None:
    page = visit("/heatpump/", locale="sv-SE")
    field = page.get_by_label("Kurva vid \N{MINUS SIGN}5\N{NO-BREAK SPACE}°C ute")
    expect(field).to_have_accessible_description("\N{MINUS SIGN}5 till 5\N{NO-BREAK SPACE}°C")

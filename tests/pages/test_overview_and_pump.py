"""The overview and the heat pump's page in a real browser, before a house that lives."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from homelab_site.stack.services import Postgres
from telemetry.schema.runner import Connection
from tests.api_fixture import execute
from tests.pages.conftest import NAME, THEMES, WIDTHS, Visit, complaints
from tests.pages.living import LivingHouse
from tests.waiting import eventually

FIRST_VIEW_BYTES = 150_000
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def living(house: Connection, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingHouse]:
    made = LivingHouse(tmp_path_factory.mktemp("living"), dict(postgres.environment()))
    try:
        eventually(lambda: _has_spoken(made, house), 90)
        yield made
    finally:
        made.stop()
        forget_pumps()


def forget_pumps() -> None:
    """Leave no pump to the tests that come after, and nothing of what was asked of it."""
    with closing(psycopg2.connect(settings.DATABASE_URL)) as connection:
        connection.autocommit = True
        connection.cursor().execute("TRUNCATE heatpump_heatpump CASCADE")


def _has_spoken(made: LivingHouse, house: Connection) -> bool:
    """Let the meter speak, since a broker keeps nothing for a bridge that it has not met, and look what is stored."""
    made.measure(500, L1=200, L2=200, L3=100)
    tables = ("energy_consumption", "heatpump_status")
    return all(execute(house, f"SELECT 1 FROM {table} LIMIT 1") for table in tables)


@pytest.fixture(scope="module")
def site(living: LivingHouse) -> str:
    """The address of the living house, in place of that of a web process alone."""
    return living.address


def let_write(*, may: bool) -> None:
    """Make Astrid one of the staff, who may write, or take that from her."""
    with closing(psycopg2.connect(settings.DATABASE_URL)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("UPDATE auth_user SET is_staff = %s WHERE username = %s", [may, NAME])


@pytest.fixture
def _astrid_may_write() -> Iterator[None]:
    let_write(may=True)
    yield
    let_write(may=False)


def is_live(page: Page) -> None:
    # A page that finds nobody waits longer each time, up to half a minute and a quarter of that more.
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=90_000)


def test_the_dial_follows_the_meter_within_a_second(visit: Visit, living: LivingHouse) -> None:
    page = visit("/")
    is_live(page)
    number = page.locator("[data-watts=total]")

    def seconds_until_shown(watts: int) -> float:
        began = time.monotonic()
        living.measure(watts)
        expect(number).to_have_text(f"{watts / 1000:.2f}", timeout=30_000)
        return time.monotonic() - began

    # Other tests share the machine's cores, so one time out of ten will do.
    assert min(seconds_until_shown(1000 + 110 * turn) for turn in range(10)) < 1
    drawn = page.locator(".dial-arc").get_attribute("stroke-dasharray") or ""
    assert float(drawn.split()[0]) > 10


def test_the_dial_comes_with_the_first_reading_and_has_room_for_the_next(
    visit: Visit, living: LivingHouse, house: Connection
) -> None:
    living.measure(901)
    eventually(lambda: execute(house, "SELECT 1 FROM energy_consumption WHERE active_power_total = 901"), 30)
    execute(house, "TRUNCATE energy_consumption, rollup_marks, counter_quarters, counter_days, power_quarters")
    page = visit("/")
    is_live(page)
    expect(page.locator("#power")).to_have_text("The electricity meter has not sent anything yet.")
    living.measure(1500)
    expect(page.locator("[data-watts=total]")).to_have_text("1.50", timeout=30_000)
    expect(page.locator("#power")).to_have_attribute("data-scale", "3")
    living.measure(12_000)
    expect(page.locator("#power")).to_have_attribute("data-scale", "15", timeout=30_000)
    is_live(page)


def test_phases_are_shown_beside_the_dial(visit: Visit, living: LivingHouse) -> None:
    page = visit("/")
    is_live(page)
    living.measure(2000, L1=1000, L2=700, L3=300)
    expect(page.locator("[data-watts=l2]")).to_have_text("0.70")
    expect(page.locator("[data-bar=l2]")).to_have_attribute("width", re.compile(r"^(?!0%)"))


def test_an_alarm_stands_at_the_top(visit: Visit, living: LivingHouse) -> None:
    page = visit("/")
    is_live(page)
    living.pump.silent.add("thermiq_heatpump")
    try:
        # A reading of the pump may still be on its way, and of two in the same second only the first is kept.
        silent_since = int(time.time())
        eventually(lambda: int(time.time()) > silent_since)
        alarm = {"Client_Name": "ThermIQ_test", "timestamp": int(time.time()), "d5": 40, "d16": 2, "d19": 1}
        living.pipeline.publish("thermiq_heatpump/data", alarm)
        expect(page.locator("#attention")).to_contain_text("The heat pump has an alarm: high pressure.", timeout=30_000)
        expect(page.locator("#pump")).to_contain_text("compressor on")
    finally:
        living.pump.silent.clear()


def test_a_viewer_has_no_controls(visit: Visit) -> None:
    page = visit("/heatpump/")
    expect(page.locator("#heatstop")).to_contain_text("No heating from")
    assert page.locator("main form").count() == 0
    token = page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    answer = page.request.post("/heatpump/", form={"heatstop": "12", "csrfmiddlewaretoken": token})
    assert answer.status == 403


@pytest.mark.usefixtures("_astrid_may_write")
def test_a_setting_is_changed_and_seen_confirmed(visit: Visit) -> None:
    page = visit("/heatpump/")
    field = page.get_by_label("No heating from, outdoors")
    wanted = "14" if field.input_value() != "14" else "15"
    field.fill(wanted)
    field.press("Enter")
    expect(page.locator("#commands .command-confirmed").first).to_contain_text(
        f"No heating from, outdoors: {wanted}\N{NO-BREAK SPACE}°C", timeout=60_000
    )
    expect(page.locator("#held-heatstop")).to_have_text(re.compile(rf"^\s*{wanted}\s°C\s*$"), timeout=30_000)


@pytest.mark.usefixtures("_astrid_may_write")
def test_without_scripts_a_setting_can_be_changed_too(visit: Visit) -> None:
    page = visit("/heatpump/", java_script_enabled=False)
    field = page.get_by_label("Heat curve")
    wanted = "37" if field.input_value() != "37" else "38"
    field.fill(wanted)
    page.locator("#curve button").click()
    expect(page.locator("#commands .command").first).to_contain_text(f"Heat curve: {wanted}\N{NO-BREAK SPACE}°C")


@pytest.mark.usefixtures("_astrid_may_write")
def test_what_the_curve_does_not_allow_is_said_beside_the_field(visit: Visit) -> None:
    page = visit("/heatpump/", java_script_enabled=False)
    page.get_by_label("Lowest supply temperature").fill("200")
    page.locator("#curve_min button").click()
    expect(page.locator("#id_curve_min_error")).to_have_text(
        "The lowest supply temperature must not be above the highest."
    )
    expect(page.get_by_label("Lowest supply temperature")).to_have_value("200")


NOT_LIVE = re.compile(r"^Not live since \d\d:\d\d$")


@pytest.fixture
def context(browser: Browser, cookies: Any, living: LivingHouse) -> Iterator[BrowserContext]:
    """A browser of Astrid's whose console may say that the site does not answer."""
    with browser.new_context(base_url=living.address, storage_state=cookies, locale="en-GB") as made:
        yield made


def open_live(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    is_live(page)
    return page


def test_every_page_goes_on_after_the_server_was_away(context: BrowserContext, living: LivingHouse) -> None:
    pages = [open_live(context, path) for path in ("/", "/energy/", "/heatpump/", "/rooms/")]
    living.kill_web()
    for page in pages:
        expect(page.locator("#live")).to_have_text(NOT_LIVE, timeout=30_000)
    living.start_web()
    living.measure(4321)
    for page in pages:
        is_live(page)
    expect(pages[0].locator("[data-watts=total]")).to_have_text("4.32", timeout=30_000)


def test_a_phone_without_a_network_is_not_live(context: BrowserContext) -> None:
    page = open_live(context, "/")
    context.set_offline(True)
    expect(page.locator("#live")).to_have_text(NOT_LIVE)
    context.set_offline(False)
    is_live(page)


@pytest.mark.usefixtures("_astrid_may_write")
def test_a_change_under_way_is_seen_confirmed_though_the_server_was_away(
    context: BrowserContext, living: LivingHouse
) -> None:
    page = open_live(context, "/heatpump/")
    field = page.get_by_label("No heating from, outdoors")
    wanted = "11" if field.input_value() != "11" else "12"
    living.pump.silent.add("thermiq_heatpump")
    try:
        field.fill(wanted)
        field.press("Enter")
        expect(page.locator("#commands .last").first).to_have_text("sent, not confirmed yet", timeout=30_000)
        living.kill_web()
    finally:
        living.pump.silent.clear()
    expect(page.locator("#live")).to_have_text(NOT_LIVE, timeout=30_000)
    living.start_web()
    newest = page.locator("#commands .command-confirmed").first
    expect(newest).to_contain_text(f"No heating from, outdoors: {wanted}\N{NO-BREAK SPACE}°C", timeout=60_000)
    is_live(page)


@pytest.mark.usefixtures("_astrid_may_write")
def test_a_change_that_nobody_answers_is_said_to_be_uncertain(context: BrowserContext, living: LivingHouse) -> None:
    page = open_live(context, "/heatpump/")
    before = page.locator("#commands .command").count()
    living.kill_web()
    try:
        field = page.get_by_label("Wanted room temperature")
        field.fill("19")
        field.press("Enter")
        expect(page.locator("#id_indoor_target_temp_error")).to_contain_text("The site did not answer.")
        expect(field).to_be_focused()
    finally:
        living.start_web()
    is_live(page)
    expect(page.locator("#commands .command")).to_have_count(before)


def test_theme_and_language_are_remembered(visit: Visit) -> None:
    page = visit("/status/", theme="light")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Svenska").click()
    expect(page.get_by_role("link", name="Värmepump")).to_be_visible()
    page.goto("/heatpump/")
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    assert (
        page.evaluate(
            "getComputedStyle(document.body).colorScheme || getComputedStyle(document.documentElement).colorScheme"
        )
        == "dark"
    )


@pytest.mark.parametrize("path", ["/", "/energy/", "/heatpump/", "/rooms/", "/status/"])
def test_the_first_view_is_light_and_comes_from_the_house(visit: Visit, site: str, path: str) -> None:
    page = visit(path)
    page.wait_for_load_state()
    loaded: dict[str, int] = page.evaluate(
        """() => Object.fromEntries(["navigation", "resource"]
            .flatMap((type) => performance.getEntriesByType(type))
            .map(({ name, transferSize }) => [name, transferSize]))"""
    )
    assert len(loaded) > 5
    assert not any(name.startswith(f"{site}/static/") and not HASHED.search(name) for name in loaded)
    assert sum(loaded.values()) < FIRST_VIEW_BYTES
    assert all(url.startswith(site) for url in loaded)


@pytest.mark.parametrize("path", ["/energy/", "/heatpump/", "/rooms/"])
def test_a_page_with_charts_says_that_it_is_not_live_while_it_cannot_be_asked_for(
    browser: Browser, cookies: object, site: str, path: str
) -> None:
    # Not by `visit`: the browser writes each 503 to its console.
    with browser.new_context(base_url=site, storage_state=cookies, locale="en-GB") as context:  # type: ignore[arg-type] # what a context gave
        page = context.new_page()
        page.goto(path)
        is_live(page)
        page.route("**/*", lambda route: route.fulfill(status=503))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#live")).to_have_text(NOT_LIVE)
        page.unroute("**/*")
        is_live(page)


@pytest.mark.parametrize("path", ["/", "/heatpump/"])
def test_files_come_compressed_and_are_kept(visit: Visit, path: str) -> None:
    page = visit(path)
    names = page.locator("link[rel=stylesheet], script").evaluate_all("all => all.map(one => one.href || one.src)")
    for name in filter(None, names):
        headers = page.request.get(name, headers={"Accept-Encoding": "gzip"}).headers
        assert "immutable" in headers["cache-control"]
        assert headers.get("content-encoding") == "gzip" or int(headers["content-length"]) < 1000


def test_it_can_be_installed(visit: Visit, site: str) -> None:
    page = visit("/")
    manifest = page.request.get(page.locator("link[rel=manifest]").get_attribute("href") or "")
    assert manifest.ok
    for icon in manifest.json()["icons"]:
        assert page.request.get(f"/static/homelab/{icon['src']}").ok


@pytest.mark.parametrize("path", ["/", "/heatpump/", "/status/"])
@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), *zip(WIDTHS, THEMES, strict=True)])
def test_everybody_can_use_the_page(visit: Visit, path: str, width: int, theme: str) -> None:
    page = visit(path, width=width, theme=theme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert complaints(page) == []


@pytest.mark.usefixtures("_astrid_may_write")
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_controls(visit: Visit, theme: str) -> None:
    assert complaints(visit("/heatpump/", theme=theme, locale="sv-SE")) == []

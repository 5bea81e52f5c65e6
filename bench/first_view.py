"""How soon a page is there for somebody whose browser has never seen it: `python -m bench.first_view`.

A real Chromium with an empty cache opens each page of the whole stack, whose house has lived for a week. Measured are
the first contentful paint, the moment at which the page can be used (its scripts have begun, so that all controls
answer), the moment at which values move (the WebSocket has answered, and on the overview the meter's first reading
stands in the dial), and the bytes on the wire as Chromium counts them, headers included.
"""

import shutil
import statistics
import sys
from contextlib import closing
from typing import Any

import psycopg2
from playwright.sync_api import Browser, Page, sync_playwright

from bench.report import Target, conclude, say, say_table
from bench.stack import Stack, running_stack
from homelab_site.stack import secrets

ROUNDS = 5
MILLISECONDS, BYTES = 1000.0, 150_000
# What Chromium would do on its own takes time.
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
PAGES = ("/", "/energy/", "/heatpump/", "/rooms/", "/status/")
WITHOUT_A_CONNECTION = ("/status/",)
"""Pages that are asked for again, so they are live when their script has begun."""

WEEK = """
    SELECT pg_advisory_xact_lock(hashtext('refresh_rollups'));
    INSERT INTO energy_consumption (time, device_serial, active_power_total, active_energy_total)
    SELECT now() - n * interval '1 minute', 'meter-of-the-bench', 1200, 5000000 - n * 20
    FROM generate_series(1, 7 * 1440) AS n;
    INSERT INTO heatpump_status (time, device_id, supplyline_temp, returnline_temp, hotwater_temp, outdoor_temp,
        indoor_temp, brine_in_temp, brine_out_temp, integral, compressor_on, runtime_compressor, runtime_hotwater)
    SELECT now() - n * interval '1 minute', 'thermiq_heatpump', 35 + n % 5, 30 + n % 5, 48, n % 7 - 3, 21, 5, 2,
        -(n % 60), n % 50 < 20, 20000 - n / 150, 4000 - n / 900
    FROM generate_series(1, 7 * 1440) AS n;
    INSERT INTO temperature_sensors (time, device_id, location, temperature_c, humidity, battery_percent)
    SELECT now() - n * interval '20 minutes', room, room, 20 + n % 20 / 10.0, 40 + n % 5, 80
    FROM generate_series(1, 7 * 72) AS n, unnest(ARRAY['kitchen', 'hall', 'bedroom', 'cellar']) AS room;
    SELECT refresh_rollups();
"""

# Notes when something has happened first, in milliseconds since the browser began to ask for the page.
WATCH = """
    window.noted = {};
    const note = (name) => { window.noted[name] ??= performance.now(); };
    new PerformanceObserver((list) => {
        for (const { name, startTime } of list.getEntries()) window.noted[name] ??= startTime;
    }).observe({ type: "paint", buffered: true });
    addEventListener("DOMContentLoaded", () => note("usable"));
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            if (target.id === "live" && target.dataset.state === "live") note("live");
            if (target.dataset?.watts === "total") note("moved");
        }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
"""
NOTED = {"/": "moved"}


class Visit:
    """What one visit of a page took: milliseconds, and bytes on the wire."""

    def __init__(self, browser: Browser, address: str, cookies: Any, path: str) -> None:
        with browser.new_context(base_url=address, storage_state=cookies) as context:
            page = context.new_page()
            self.bytes, self.requests = 0.0, 0
            network = context.new_cdp_session(page)
            network.send("Network.enable")
            network.on("Network.loadingFinished", self._count)
            page.add_init_script(WATCH)
            page.goto(path)
            self.paint = _moment(page, "first-contentful-paint")
            self.usable = max(self.paint, _moment(page, "usable"))
            self.live = self.usable if path in WITHOUT_A_CONNECTION else _moment(page, NOTED.get(path, "live"))
            page.wait_for_load_state()

    def _count(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]
        self.requests += 1


def _moment(page: Page, name: str) -> float:
    page.wait_for_function("name => window.noted[name] !== undefined", arg=name)
    return float(page.evaluate("name => window.noted[name]", name))


def log_in(browser: Browser, address: str, stack: Stack) -> Any:
    """Return the cookies of somebody who has logged in."""
    with browser.new_context(base_url=address) as context:
        page = context.new_page()
        page.goto("/login/")
        page.get_by_label("Username").fill(secrets.LOGIN_NAME)
        page.get_by_label("Password").fill(secrets.login_password(stack.directory))
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url(f"{address}/")
        return context.storage_state()


def remember_a_week(stack: Stack) -> None:
    with closing(psycopg2.connect(stack.environment["TELEMETRY_OWNER_DATABASE_URL"])) as connection:
        connection.autocommit = True
        connection.cursor().execute(WEEK)


def main() -> int:
    chromium = shutil.which("chromium")
    with running_stack() as stack, sync_playwright() as playwright:
        remember_a_week(stack)
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        address = f"http://127.0.0.1:{stack.port}"
        cookies = log_in(browser, address, stack)
        visits: dict[str, list[Visit]] = {}
        for path in PAGES:
            visits[path] = [Visit(browser, address, cookies, path) for _ in range(ROUNDS)]
            say(f"{path}: {', '.join(_row(visits[path]))}")
        browser.close()
    say_table(
        ("page", "painted, ms", "slowest", "usable, ms", "slowest", "live, ms", "slowest", "requests", "kB"),
        [(path, *_row(those)) for path, those in visits.items()],
    )
    return conclude([target for path, those in visits.items() for target in _targets(path, those)])


def _row(visits: list[Visit]) -> list[str]:
    moments = ([one.paint for one in visits], [one.usable for one in visits], [one.live for one in visits])
    figures = [figure for those in moments for figure in (statistics.median(those), max(those))]
    return [*(f"{figure:.0f}" for figure in figures), str(visits[0].requests), f"{visits[0].bytes / 1000:.1f}"]


def _targets(path: str, visits: list[Visit]) -> list[Target]:
    usable = statistics.median(one.usable for one in visits)
    return [
        Target(what=f"{path} usable, ms", measured=usable, at_most=MILLISECONDS),
        Target(what=f"{path} bytes", measured=max(one.bytes for one in visits), at_most=BYTES),
    ]


if __name__ == "__main__":
    sys.exit(main())

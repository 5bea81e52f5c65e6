"""A real Chromium in front of a web process that runs as it does in the house.

While the browser's driver runs, this thread counts as asynchronous and Django's ORM refuses it. So what a page shows is
stored with plain SQL, and a person is made in a thread of its own.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # the library has no types
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from homelab_site.static_files import collect_our_own
from telemetry.schema.runner import Connection
from tests.homelab_site.access.conftest import new_site, provider  # noqa: F401 - fixtures
from tests.lacking import lacks

NAME, PASSWORD = "astrid", "astrid-s-long-secret"
# What Chromium would do on its own takes time and asks for hosts outside of the house.
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
WIDTHS, THEMES = (390, 1440), ("light", "dark")
# Five seconds, which is the library's own choice, can pass on a machine whose cores are busy with other tests.
expect.set_options(timeout=30_000)

Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium: Debian's, or the one that Playwright has installed."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        if not Path(path).exists():
            lacks("there is no Chromium: `apt install chromium`, or `.venv/bin/playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package", autouse=True)
def _nobody_left(django_db_setup: None) -> Iterator[None]:
    """Leave no person and no session to the tests that come after: no transaction takes back what a server stores."""
    yield
    with closing(psycopg2.connect(settings.DATABASE_URL)) as connection:
        connection.autocommit = True
        connection.cursor().execute("TRUNCATE auth_user, django_session CASCADE")


@pytest.fixture(scope="package", autouse=True)
def _collected() -> None:
    """Compressed files under names that change with them, as a house serves them."""
    collect_our_own()


@pytest.fixture(scope="package")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web process over the run's own databases."""
    port = free_port()
    web = Child("web", parts.web(port).argv, tmp_path_factory.mktemp("pages") / "web.log")
    web.start()
    try:
        web.wait_for_port(port, 90)
        yield f"http://127.0.0.1:{port}"
    finally:
        web.kill()


@pytest.fixture(scope="module")
def house(django_db_setup: None) -> Iterator[Connection]:
    """An owner's connection to the telemetry database, in which nothing is stored."""
    with closing(psycopg2.connect(settings.TELEMETRY_OWNER_URL)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE energy_consumption, heatpump_status, temperature_sensors, rollup_marks, counter_quarters,"
                " counter_days, power_quarters, heatpump_hours, temperature_hours, temperature_places"
            )
        yield connection


@pytest.fixture(scope="module")
def astrid(django_db_setup: None, django_db_blocker: Any) -> None:
    """Astrid lives in the house and has a local login."""

    def make() -> None:
        with django_db_blocker.unblock():
            User.objects.filter(username=NAME).delete()
            User.objects.create_user(NAME, password=PASSWORD)
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(make).result()


@pytest.fixture(scope="module")
def cookies(browser: Browser, site: str, astrid: None) -> Any:
    """What the browser keeps after Astrid's login."""
    context = browser.new_context(base_url=site, locale="en-GB")
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(browser: Browser, site: str, cookies: Any) -> Iterator[Visit]:
    """Open a path as Astrid, in a browser of some width, theme and other options; its console must stay empty."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_path(path: str, *, width: int = 1440, theme: str = "light", **options: Any) -> Page:
        context = browser.new_context(
            base_url=site,
            storage_state=cookies,
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type] # one of THEMES
            **{"locale": "en-GB", **options},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert said == []


def complaints(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, and whether it is wider than its window."""
    found = [f"{one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*found, "it scrolls sideways"] if wide else found

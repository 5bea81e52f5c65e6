"""The way in and out through the stack's identity provider, in a real browser, and what ends a session."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.homelab_site.access.house import House, SiteServer
from tests.pages.conftest import THEMES, WIDTHS, complaints

PAGES = ["/", "/energy/", "/heatpump/", "/rooms/", "/status/"]


@pytest.fixture(scope="module")
def site(new_site: Callable[..., SiteServer]) -> str:
    """The address of a site with both ways in."""
    return new_site(LOCAL_LOGIN="true").url().rstrip("/")


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    with browser.new_context(base_url=site, locale="en-GB") as made:
        yield made


def log_in(page: Page, provider: House, name: str) -> None:
    """Choose the provider on the login page that is shown, and give it the password."""
    page.get_by_role("link", name="Log in with the identity provider").click()
    page.wait_for_url(re.compile(f"^{provider.url}/"))
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(provider.password(name))
    page.get_by_role("button", name="Log in").click()


def test_somebody_logs_in_at_the_provider_and_out_again(context: BrowserContext, provider: House, site: str) -> None:
    page = context.new_page()
    page.goto("/")
    log_in(page, provider, "viewer")
    page.wait_for_url(f"{site}/")
    expect(page.locator(".who")).to_have_text("viewer")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(f"^{site}/login/"))
    page.goto("/energy/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_whose_session_has_ended_says_so(context: BrowserContext, provider: House, site: str, path: str) -> None:
    page = context.new_page()
    page.goto(f"{path}?of=all")
    log_in(page, provider, "viewer")
    page.wait_for_url(f"{site}{path}?of=all")
    context.clear_cookies(name="homelab-session")
    page.evaluate("import('/static/homelab/refresh.js').then(({ refresh }) => refresh())")
    expect(page.get_by_role("alert")).to_have_text("Your login has ended. Log in again to go on.")
    # The provider's own session goes on, so this needs no password.
    page.get_by_role("link", name="Log in with the identity provider").click()
    page.wait_for_url(f"{site}{path}?of=all")


@pytest.mark.parametrize("path", ["/login/", "/login/oidc/callback/?error=access_denied", "/no/such/page"])
@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), *zip(WIDTHS, THEMES, strict=True)])
def test_everybody_can_use_the_way_in(browser: Browser, site: str, path: str, width: int, theme: str) -> None:
    looks: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": theme}
    with browser.new_context(base_url=site, locale="sv-SE", **looks) as context:
        page = context.new_page()
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^(Logga in|Finns inte)$"))
        assert complaints(page) == []


def test_a_browser_that_asks_for_an_icon_gets_one(context: BrowserContext) -> None:
    answer = context.request.get("/favicon.ico")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")

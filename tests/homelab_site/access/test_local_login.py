"""Passwords of this site's own: where a setting allows them, and nowhere where it does not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.homelab_site.access.house import Browser, House, Page, SiteServer

NAME, PASSWORD = "left-over", "a password of long ago"


@pytest.fixture(scope="module", autouse=True)
def left_over(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A local superuser with a password."""
    with django_db_blocker.unblock():
        user = User.objects.create_superuser(NAME, "admin@homelab.invalid", PASSWORD)
    yield
    with django_db_blocker.unblock():
        user.delete()


@pytest.fixture(scope="module")
def closed(new_site: Callable[..., SiteServer]) -> SiteServer:
    return new_site()


@pytest.fixture(scope="module")
def opened(new_site: Callable[..., SiteServer]) -> SiteServer:
    return new_site(LOCAL_LOGIN="true")


@pytest.fixture
def browser() -> Browser:
    return Browser()


def send_password(browser: Browser, site: SiteServer, path: str, token: str) -> Page:
    form = {"csrfmiddlewaretoken": token, "username": NAME, "password": PASSWORD, "next": "/status/"}
    return browser.post(site.url(path), form, stay=True)


def test_a_password_logs_in_where_local_logins_are_allowed(opened: SiteServer, browser: Browser) -> None:
    page = browser.get(opened.url("login/?next=/status/"))
    assert "Log in with the identity provider" in page.text
    token = page.hidden("csrfmiddlewaretoken")
    assert send_password(browser, opened, "login/", token).location == "/status/"
    assert browser.get(opened.url("admin/")).status == 200


def test_a_local_session_ends_here_only(opened: SiteServer, browser: Browser) -> None:
    token = browser.get(opened.url("login/")).hidden("csrfmiddlewaretoken")
    send_password(browser, opened, "login/", token)
    page = browser.get(opened.url("status/"))
    assert browser.submit(page, opened.url("logout/")).url == opened.url("login/")
    assert browser.get(opened.url("status/"), stay=True).location == "/login/?next=/status/"


@pytest.mark.parametrize("path", ["login/", "admin/login/?next=/admin/", "login/oidc/", "login/?code=x&state=y"])
def test_a_left_over_password_logs_in_nowhere(
    closed: SiteServer, opened: SiteServer, browser: Browser, path: str
) -> None:
    # The CSRF cookie is good on all ports of this machine, so nothing but the password is refused.
    token = browser.get(opened.url("login/")).hidden("csrfmiddlewaretoken")
    assert send_password(browser, closed, path, token).status in (302, 403, 405)
    assert browser.get(closed.url("status/"), stay=True).status == 302


def test_a_session_of_a_password_ends_with_the_permission(
    closed: SiteServer, opened: SiteServer, browser: Browser
) -> None:
    token = browser.get(opened.url("login/")).hidden("csrfmiddlewaretoken")
    send_password(browser, opened, "login/", token)
    assert browser.get(opened.url("status/"), stay=True).status == 200
    assert browser.get(closed.url("status/"), stay=True).status == 302


def test_where_the_provider_is_the_only_way_in_a_page_leads_there_at_once(
    provider: House, closed: SiteServer, browser: Browser
) -> None:
    assert browser.get(closed.url("admin/")).url.startswith(f"{provider.url}/login/")
    page = browser.get(closed.url("login/"))
    assert page.status == 200
    assert 'type="password"' not in page.text

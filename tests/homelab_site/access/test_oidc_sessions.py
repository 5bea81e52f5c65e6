"""Sessions after their login: a web process that asks the provider again after seconds instead of a quarter hour."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection

from tests.homelab_site.access.house import Browser, House, Person, SiteServer
from tests.waiting import eventually

SECONDS = 12
ASKED_AFTER = SECONDS / 4


@pytest.fixture(scope="module")
def login_site(new_site: Callable[..., SiteServer]) -> SiteServer:
    return new_site(OIDC_SESSION_SECONDS=str(SECONDS), API_REQUESTS_PER_MINUTE="1000000")


def test_a_session_that_is_used_goes_on_with_new_tokens(viewer: Person) -> None:
    viewer.log_in()
    began, seen = time.monotonic(), set()

    def outlived() -> bool:
        seen.add(viewer.info().json()["token"])
        return time.monotonic() > began + SECONDS + 1

    eventually(outlived)
    assert len(seen) >= 3
    assert viewer.is_logged_in()


def test_requests_at_once_all_pass_while_their_session_is_checked(viewer: Person) -> None:
    viewer.log_in()
    first = viewer.info().json()["token"]
    with ThreadPoolExecutor(8) as pool:

        def all_pass_with_another_token() -> bool:
            answers = list(pool.map(lambda _: viewer.info(), range(8)))
            assert {answer.status for answer in answers} == {200}
            return all(answer.json()["token"] != first for answer in answers)

        eventually(all_pass_with_another_token)


def let_held_be(**changes: float) -> None:
    """Change the moments that the newest session holds."""
    session = SessionStore(Session.objects.latest("expire_date").session_key)
    session["oidc_held"] = {**session["oidc_held"], **changes}
    session.save()


def somebody_waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_refresh_token_is_used_once_by_requests_that_come_at_once(provider: House, viewer: Person) -> None:
    viewer.log_in()
    let_held_be(ask_at=0.0, confirmed_at=0.0)
    given = provider.tokens_given()
    with ThreadPoolExecutor(2) as pool:
        with provider.held_up():
            answers = [pool.submit(viewer.info) for _ in range(2)]
            eventually(somebody_waits_for_a_row)
        assert [answer.result().status for answer in answers] == [200, 200]
    assert provider.tokens_given() == given + 1


def test_a_session_of_somebody_who_is_let_in_no_longer_ends(
    provider: House, login_site: SiteServer, viewer: Person
) -> None:
    viewer.log_in()
    provider.let_in("viewer", active=False)
    try:
        eventually(lambda: not viewer.is_logged_in(), seconds=ASKED_AFTER * 3)  # before it would end by itself
        refused = viewer.info()
        assert (refused.status, refused.headers["Content-Type"]) == (401, "application/json")
        assert viewer.at("status/", stay=True).location == "/login/?next=/status/"
    finally:
        provider.let_in("viewer", active=True)


def test_an_admin_who_is_one_no_longer_loses_it_within_the_session(provider: House, admin: Person) -> None:
    admin.log_in("admin/")
    provider.take_from_admins("admin")
    try:
        eventually(lambda: admin.at("admin/").status == 403, seconds=SECONDS)
        assert admin.is_logged_in()
    finally:
        provider.put_in_admins("admin")


def test_a_site_that_is_refused_itself_ends_nobody_s_session(
    new_site: Callable[..., SiteServer], viewer: Person
) -> None:
    misconfigured = new_site(OIDC_SESSION_SECONDS=str(SECONDS), OIDC_RP_CLIENT_SECRET="a wrong one")
    viewer.log_in()

    def asked() -> bool:
        assert viewer.get(misconfigured.url("api/v1/user/info")).status == 200
        return "answered with status 401 (invalid_client)" in misconfigured.log

    eventually(asked, seconds=SECONDS)
    assert viewer.get(misconfigured.url("api/v1/user/info")).status == 200


def test_a_provider_that_is_away_ends_no_session_at_once_and_every_one_in_the_end(
    provider: House, login_site: SiteServer, viewer: Person
) -> None:
    viewer.log_in()
    provider.kill()
    began = time.monotonic()
    try:
        longest, last_seen = 0.0, began
        while viewer.is_logged_in() and last_seen < began + 2 * SECONDS:
            longest, last_seen = max(longest, time.monotonic() - last_seen), time.monotonic()
        assert ASKED_AFTER < last_seen - began < SECONDS + 5
        assert longest < 5
        page = Browser().get(login_site.url("login/oidc/"))
        assert page.status == 503
        assert "The identity provider does not answer." in page.text
    finally:
        provider.start()
    assert viewer.at("status/").status == 200


def test_a_login_that_ends_while_the_provider_is_away_says_so(
    provider: House, login_site: SiteServer, viewer: Person
) -> None:
    viewer.log_in()
    back = viewer.get(viewer.authorization().location, stay=True).location
    provider.kill()
    try:
        page = viewer.get(back)
        assert (page.status, "does not answer" in page.text) == (503, True)
        assert viewer.log_out().url == login_site.url("login/")
    finally:
        provider.start()

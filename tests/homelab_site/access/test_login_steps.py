"""How often an address may log in: a web process that has counted nothing else."""

from collections.abc import Callable

import pytest

from homelab_site.access.views import STEPS_A_MINUTE
from tests.homelab_site.access.house import Browser, Person, SiteServer


@pytest.fixture(scope="module")
def login_site(new_site: Callable[..., SiteServer]) -> SiteServer:
    return new_site(TRUSTED_PROXIES="127.0.0.1", ALLOWED_HOSTS="127.0.0.1")


@pytest.mark.parametrize("path", ["login/oidc/", "login/oidc/callback/?code=x&state=y"])
def test_an_address_that_logs_in_too_often_waits_and_nobody_else(
    login_site: SiteServer, new_person: Callable[[str], Person], path: str
) -> None:
    def ask(address: str) -> tuple[int, str | None, str]:
        page = Browser().get(login_site.url(path), stay=True, **{"X-Forwarded-For": address})
        return page.status, page.headers["Retry-After"], page.text

    crowd = f"203.0.113.{len(path)}"
    usual = {ask(crowd)[0] for _ in range(STEPS_A_MINUTE)}
    assert usual in ({302}, {403})
    status, seconds, text = ask(crowd)
    assert (status, "Too many logins came from your address." in text) == (429, True)
    assert 0 < int(seconds or 0) <= 60
    assert {ask("203.0.113.200")[0]} == usual
    assert new_person("viewer").log_in().status == 200

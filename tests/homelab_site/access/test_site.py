"""Who may ask what: with tokens of the issuers and headers of the proxies that settings name, and with sessions."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from homelab_site.access.permissions import HasScope
from homelab_site.access.scopes import ALL_SCOPES
from homelab_site.stack.child import free_port
from tests.homelab_site.access.conftest import PATH, Site
from tests.homelab_site.access.issuer import INTROSPECTION, KEYS, HouseIssuer, new_ec_key
from tests.homelab_site.api.test_api_access import address, api_paths

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

INFO = "/api/v1/user/info"
DEVELOPMENT_TOKEN = "a-token-of-a-developer"


@pytest.mark.parametrize("path", dict(api_paths(get_resolver().url_patterns)))
def test_every_path_of_the_api_names_a_scope_that_exists(path: str) -> None:
    view = dict(api_paths(get_resolver().url_patterns))[path].view_class
    assert hasattr(view, "required_scope"), f"{path} names no scope"
    assert view.required_scope is None or view.required_scope in ALL_SCOPES
    assert view.permission_classes == [HasScope]


@pytest.mark.parametrize("path", dict(api_paths(get_resolver().url_patterns)))
def test_a_token_without_scopes_opens_only_what_needs_none(site: Site, issuer: HouseIssuer, path: str) -> None:
    needed = dict(api_paths(get_resolver().url_patterns))[path].view_class.required_scope
    every_other = " ".join(ALL_SCOPES - {needed})
    assert site.status(issuer.token(scope=every_other), address(path)) == (403 if needed else 200)


def test_there_are_several_issuers(site: Site, issuer: HouseIssuer) -> None:
    other = HouseIssuer()
    try:
        site.trust(issuer.setting(), {**other.setting(), "audience": ["another"]})
        assert site.status(issuer.token()) == site.status(other.token(aud="another")) == 200
        assert site.status(other.token()) == site.status(issuer.token(aud="another")) == 401
        assert site.status(issuer.token(key=other.keys["rsa"])) == 401
    finally:
        other.stop()


def test_where_no_issuer_is_named_no_token_is_good(site: Site, issuer: HouseIssuer) -> None:
    site.trust()
    assert site.status(issuer.token()) == site.status(issuer.opaque_token("opaque")) == 401
    assert issuer.asked == {}


def test_the_next_request_after_a_rotation_passes(site: Site, issuer: HouseIssuer) -> None:
    assert site.status(issuer.token("ec")) == 200
    issuer.keys = {"new": new_ec_key()}
    assert site.status(issuer.token("new")) == 200
    assert issuer.asked[KEYS] == 2


def test_an_issuer_that_was_never_there_lets_nobody_in(site: Site, issuer: HouseIssuer) -> None:
    site.trust({"issuer": f"http://127.0.0.1:{free_port()}", "audience": ["homelab"]}, issuer.setting())
    away = issuer.token(iss=f"http://127.0.0.1:{free_port()}")
    assert site.status(away) == 401
    assert site.status(issuer.token()) == 200


@pytest.mark.parametrize("token", ["a" * 1024 * 1024, "a." * 8193, f"{'a' * 16_000}.{'b' * 1_000}.c"])
def test_a_long_token_is_refused_before_anybody_is_asked(site: Site, issuer: HouseIssuer, token: str) -> None:
    response = site.ask(token)
    assert (response.status_code, response.json()["error"]) == (401, "The token is too long.")
    assert issuer.asked == {}


def test_an_opaque_token_is_as_good_as_its_issuer_says(site: Site, issuer: HouseIssuer) -> None:
    issuer.opaque_token("good")
    issuer.opaque_token("of-another-scope", scope="read:heatpump")
    issuer.opaque_token("of-another-site", aud="another")
    found = {token: site.status(token) for token in ("good", "of-another-scope", "of-another-site", "unknown")}
    assert found == {"good": 200, "of-another-scope": 403, "of-another-site": 401, "unknown": 401}
    assert issuer.asked == {INTROSPECTION: 4}
    issuer.stop()
    assert site.status("good") == 200
    response = site.ask("new")
    assert (response.status_code, response.json()["error"]) == (401, "The token cannot be checked at the moment.")


def test_the_header_of_a_trusted_proxy_goes_before_authorization(
    site: Site, issuer: HouseIssuer, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.42.0.0/16"),)
    access, identity = issuer.token(), issuer.token(scope=None)

    def status(peer: str, from_proxy: str, **headers: str) -> int:
        sent = {"X-Auth-Request-Access-Token": from_proxy, **headers}
        return site.client.get(PATH, headers=sent, REMOTE_ADDR=peer).status_code

    assert status("10.42.0.7", access, Authorization=f"Bearer {identity}") == 200
    assert status("10.42.0.7", access) == 200
    assert status("10.42.0.7", "nonsense", Authorization=f"Bearer {access}") == 401
    assert status("10.42.0.7", "", Authorization=f"Bearer {access}") == 200
    assert status("10.43.0.7", access, Authorization=f"Bearer {identity}") == 403
    assert status("10.43.0.7", access) == 401
    assert status("", access) == 401


def test_a_header_that_names_a_user_proves_nothing_even_from_a_trusted_proxy(site: Site, settings: Any) -> None:
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.1"),)
    named = {"X-Auth-Request-User": "admin", "X-Auth-Request-Email": "admin@example.com", "X-Forwarded-User": "admin"}
    assert site.client.get(PATH, headers=named).status_code == 401


def test_a_bad_token_is_refused_even_beside_a_session(site: Site, admin_client: Client) -> None:
    assert admin_client.get(PATH).status_code == 200
    assert admin_client.get(PATH, headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_a_local_user_may_read(client: Client) -> None:
    client.force_login(User.objects.create_user("anna", "anna@example.com"))
    assert client.get(PATH).status_code == 200
    assert client.get(INFO).json() == {
        "token": None,
        "username": "anna",
        "email": "anna@example.com",
        "expires_in": None,
    }


def test_a_person_can_browse_with_a_token_that_a_proxy_brought(site: Site, issuer: HouseIssuer, settings: Any) -> None:
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.1"),)
    headers = {"X-Auth-Request-Access-Token": issuer.token(preferred_username="anna"), "Accept": "text/html"}
    page = site.client.get(PATH, headers=headers)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["X-Auth-Request-Access-Token"] not in page.content.decode()


def test_user_info_gives_back_the_token_and_whose_it_is(site: Site, issuer: HouseIssuer) -> None:
    token = issuer.token(scope="", preferred_username="anna", email="anna@example.com")
    response = site.ask(token, INFO)
    body = response.json()
    assert 3590 <= body.pop("expires_in") <= 3600
    assert body == {"token": token, "username": "anna", "email": "anna@example.com"}
    assert "no-store" in response.headers["Cache-Control"]


def test_user_info_gives_back_the_token_that_a_proxy_brought(site: Site, issuer: HouseIssuer, settings: Any) -> None:
    settings.TRUSTED_PROXIES = (ip_network("127.0.0.1"),)
    brought = {"X-Auth-Request-Access-Token": issuer.token(), "Authorization": "Bearer an-id-token"}
    assert site.client.get(INFO, headers=brought).json()["token"] == brought["X-Auth-Request-Access-Token"]


def test_user_info_says_null_where_it_does_not_know(site: Site, issuer: HouseIssuer) -> None:
    token = issuer.token(sub=None, email=["x"], exp=issuer.claims()["iat"] - 30)
    assert site.ask(token, INFO).json() == {"token": token, "username": None, "email": None, "expires_in": 0}


def test_the_development_token_may_read_beside_an_issuer(site: Site, issuer: HouseIssuer, settings: Any) -> None:
    settings.API_DEVELOPMENT_TOKEN = DEVELOPMENT_TOKEN
    assert site.status(DEVELOPMENT_TOKEN) == site.status(issuer.token()) == 200
    assert site.ask(DEVELOPMENT_TOKEN, INFO).json() == {
        "token": DEVELOPMENT_TOKEN,
        "username": "development token",
        "email": None,
        "expires_in": None,
    }


def test_each_holder_of_a_token_is_counted_apart(site: Site, issuer: HouseIssuer, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    assert [site.status(issuer.token(sub="anna")) for _ in range(2)] == [200, 429]
    assert site.status(issuer.token(sub="bo")) == 200


def test_no_token_gets_into_a_log(site: Site, issuer: HouseIssuer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    tokens = [issuer.token(), issuer.token(exp=1), issuer.token("ec", key=new_ec_key()), "opaque-and-unknown"]
    issuer.stop()
    for token in tokens:
        answer = site.ask(token)
        assert token not in answer.content.decode()
    assert "does not answer" in caplog.text
    for token in tokens:
        assert token.rsplit(".", 1)[-1] not in caplog.text

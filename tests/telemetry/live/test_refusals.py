"""Who may not connect, as somebody would try it who should not."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from tests.homelab_site.access.issuer import HouseIssuer, encoded, new_ec_key, signed_with_public_key, unknown_key_token
from tests.telemetry.live.client import connected, refusal
from tests.telemetry.live.house import TOKEN, House

FOREIGN = "https://evil.example"
CORS_ORIGIN = "https://heatpump.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[HouseIssuer]:
    made = HouseIssuer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def port(house: House, issuer: HouseIssuer) -> int:
    house.environment.update(
        OIDC_ISSUERS=json.dumps([issuer.setting(introspection=issuer.introspection())]),
        CORS_ALLOWED_ORIGINS=CORS_ORIGIN,
        TRUSTED_PROXIES="127.0.0.1",
        LIVE_CONNECTIONS="12",
        LIVE_CONNECTIONS_PER_CALLER="3",
    )
    return house.web()


def same_origin(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def test_without_token_and_session_nobody_gets_in(port: int) -> None:
    assert refusal(port)[:2] == refusal(port, "")[:2] == refusal(port, Cookie="other=1")[:2] == (4401, "auth_failed")


def test_a_bad_token_is_refused_wherever_it_comes(port: int, issuer: HouseIssuer) -> None:
    now, ec = int(time.time()), issuer.keys["ec"]
    bad = {
        "expired": issuer.token(exp=now - 61),
        "not valid yet": issuer.token(nbf=now + 120),
        "of another issuer": issuer.token(iss="https://other.example"),
        "for another site": issuer.token(aud="another"),
        "of another key with our kid": issuer.token("ec", key=new_ec_key()),
        "of an unknown key": unknown_key_token(issuer, 1),
        "of no algorithm": f"{encoded({'alg': 'none', 'kid': 'ec'}).decode()}.{encoded(issuer.claims()).decode()}.",
        "signed with the public key": signed_with_public_key(ec, issuer.claims(), "ec"),
        "opaque": "a-token-that-nobody-knows",
        "long": "a" * 10_000,
    }
    for what, token in bad.items():
        found = {refusal(port, token)[:2], refusal(port, Authorization=f"Bearer {token}")[:2]}
        assert found == {(4401, "auth_failed")}, what


def test_a_good_token_gets_in_by_each_way(port: int, issuer: HouseIssuer) -> None:
    token = issuer.token("ec")
    for way in (
        {"token": token},
        {"Authorization": f"Bearer {token}"},
        {"X_Auth_Request_Access_Token": token, "Authorization": "Bearer an-id-token"},
        {"token": issuer.opaque_token("a-good-opaque-token")},
    ):
        with connected(port, **way) as client:
            assert client.subscribe("energy")["streams"] == ["energy"]


def test_a_name_in_a_header_proves_nothing(port: int) -> None:
    assert refusal(port, X_Auth_Request_User="admin", X_Forwarded_User="admin")[0] == 4401


def test_a_token_of_no_stream_is_refused(port: int, issuer: HouseIssuer) -> None:
    assert refusal(port, issuer.token(scope="read:settings write:settings"))[:2] == (4403, "auth_failed")
    assert refusal(port, issuer.token(scope=None))[:2] == (4403, "auth_failed")


def test_each_stream_needs_its_scope(port: int, issuer: HouseIssuer) -> None:
    with connected(port, issuer.token(scope="read:heatpump")) as client:
        assert client.subscribe("heatpump")["streams"] == ["heatpump"]
        error = client.subscribe("heatpump", "energy")
        assert (error["code"], error["message"]) == ("auth_failed", "This needs the scope read:energy.")
        assert client.end() == 4403


def test_a_page_of_another_site_is_refused_even_with_a_token_or_a_session(port: int, cookie: str) -> None:
    for foreign in (FOREIGN, "null", f"http://127.0.0.1:{port + 1}", "https://127.0.0.1"):
        assert refusal(port, TOKEN, foreign)[:2] == (4403, "auth_failed"), foreign
        assert refusal(port, None, foreign, Cookie=cookie)[:2] == (4403, "auth_failed"), foreign


def test_a_host_that_is_not_ours_is_refused(port: int) -> None:
    assert refusal(port, TOKEN, "http://evil.example", X_Forwarded_Host="evil.example")[0] == 4403


def test_pages_of_this_site_and_of_those_that_a_setting_names_may_connect(port: int, cookie: str) -> None:
    for origin in (same_origin(port), CORS_ORIGIN):
        with connected(port, None, origin, Cookie=cookie) as client:
            assert client.subscribe("energy")["streams"] == ["energy"]
        with connected(port, TOKEN, origin) as client:
            assert client.subscribe("energy")["streams"] == ["energy"]


def test_a_session_counts_only_with_an_origin(port: int, cookie: str) -> None:
    assert refusal(port, Cookie=cookie)[:2] == (4403, "auth_failed")
    name = cookie.partition("=")[0]
    assert refusal(port, None, same_origin(port), Cookie=f"{name}=nobody-has-this-one")[0] == 4401


def test_a_page_behind_a_proxy_that_ends_tls_may_connect(port: int, cookie: str) -> None:
    origin = f"https://127.0.0.1:{port}"
    for scheme in ("https", "wss"):  # the latter is what Traefik says
        with connected(port, None, origin, Cookie=cookie, X_Forwarded_Proto=scheme) as client:
            assert client.ask(type="ping")["type"] == "pong"
    for scheme in ("http", "ws"):
        assert refusal(port, None, origin, Cookie=cookie, X_Forwarded_Proto=scheme)[0] == 4403


def test_a_request_that_cannot_be_understood_is_refused(port: int) -> None:
    assert refusal(port, TOKEN + "&a" * 1_100)[:2] == (4401, "invalid_message")
    null = r'homelab-session="abcdefgh\000"'
    assert refusal(port, None, same_origin(port), Cookie=null)[:2] == (4401, "invalid_message")


def test_a_session_that_ends_ends_the_connection(port: int, cookie: str) -> None:
    with connected(port, None, same_origin(port), Cookie=cookie) as client:
        client.subscribe("temperature")
        Session.objects.all().delete()
        assert client.hear()["message"] == "The session has ended."
        assert client.end() == 4401
    assert refusal(port, None, same_origin(port), Cookie=cookie)[:2] == (4401, "auth_failed")


def test_somebody_who_is_locked_out_is_cut_off(port: int, cookie: str) -> None:
    with connected(port, None, same_origin(port), Cookie=cookie) as client:
        User.objects.update(is_active=False)
        assert client.end() == 4401


def test_a_token_that_expires_ends_the_connection(port: int, issuer: HouseIssuer) -> None:
    for seconds_left in (5, -55):  # the latter within its minute of leeway
        with connected(port, issuer.token(exp=int(time.time()) + seconds_left)) as client:
            assert client.subscribe("energy")["type"] == "subscribed"
            assert client.hear() == {"type": "error", "message": "The token has expired.", "code": "auth_failed"}
            assert client.end() == 4401


def test_a_token_that_its_issuer_takes_back_ends_the_connection(port: int, issuer: HouseIssuer) -> None:
    scopes: Any = {"scope": "read:energy", "exp": int(time.time()) + 1_000}
    token = issuer.opaque_token("taken-back", **{**scopes, "exp": int(time.time()) - 57})
    with connected(port, token) as client:
        del issuer.opaque[token]
        assert client.end() == 4401


def test_one_caller_gets_no_more_than_their_places(port: int, issuer: HouseIssuer) -> None:
    token = issuer.token(sub="crowd")
    with connected(port, token), connected(port, token), connected(port, token) as last:
        assert refusal(port, token)[:2] == (4429, "auth_failed")
        with connected(port, issuer.token(sub="another")) as another:
            assert another.ask(type="ping")["type"] == "pong"
        last.connection.close()
        with connected(port, token) as client:
            assert client.ask(type="ping")["type"] == "pong"


def test_many_bad_connections_exhaust_nothing(house: House, port: int, issuer: HouseIssuer) -> None:
    with ThreadPoolExecutor(16) as pool:
        codes = set(pool.map(lambda number: refusal(port, f"bad-{number}")[0], range(400)))
    assert codes == {4401, 4429}
    with connected(port, issuer.token()) as client:
        assert client.ask(type="ping")["type"] == "pong"
    assert house.metrics(port)["process_open_fds"] < 100


def test_no_token_gets_into_a_log(house: House, port: int, issuer: HouseIssuer) -> None:
    good, bad = issuer.token(sub="logged"), issuer.token(sub="logged", aud="another")
    with connected(port, good) as client:
        client.say(type="nonsense")
        client.hear()
    refusal(port, bad)
    logs = house.logs()
    assert "/ws/energy" in logs
    assert not any(token.rsplit(".", 1)[-1] in logs for token in (good, bad, TOKEN))
    assert "Traceback" not in logs

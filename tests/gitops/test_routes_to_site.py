"""From the tunnel to the site: the real Traefik in front of the real web process, with the tree's settings."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from corsheaders.conf import conf as cors
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client as Browser
from websockets.sync.client import connect
from websockets.typing import Origin

from bridge.messages import encode_reading
from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from telemetry.live.readings import GROUP, LiveReading, encode
from tests.gitops import dockerfile, oauth2_proxy, traefik
from tests.gitops.edge import API, BY_TUNNEL, LOGGED_IN, PAGES, Edge, Headers
from tests.gitops.rules_edge import IDENTITY_HEADERS
from tests.gitops.test_routes import spellings
from tests.gitops.tree import Object, Tree, containers
from tests.homelab_site.access.issuer import HouseIssuer
from tests.telemetry.live.client import SECONDS, Client
from tests.telemetry.live.house import reading

ORIGIN, STRANGER = ("Origin", f"https://{PAGES}"), ("Origin", "https://evil.example")
INFO, SETTINGS = "/api/v1/user/info", "/api/v1/heatpump/settings/pump"
OF_THE_CLUSTER = ("KAFKA_BROKERS", "REDIS_URL", "OIDC_ISSUERS", "TRUSTED_PROXIES", "WORKER_")
"""What the tree sets to addresses that are only there."""


@dataclass(frozen=True)
class House:
    """The site behind Traefik, and who signs tokens for it. The proxy has one of `by proxy`."""

    edge: Edge
    issuer: HouseIssuer

    def bearer(self, name: str = "a program", **claims: Any) -> tuple[str, str]:
        return "Authorization", f"Bearer {self.token(name, **claims)}"

    def token(self, name: str, **claims: Any) -> str:
        scope = "read:energy read:settings write:settings"
        return self.issuer.token(**{"preferred_username": name, "scope": scope, **claims})

    def who(self, host: str, *headers: tuple[str, str]) -> str | None:
        """Return whom the site takes a request to be of; None for nobody."""
        answer = self.edge.ask(host, INFO, *headers)
        assert answer.status in (200, 401), answer.body
        return str(answer.json()["username"]) if answer.status == 200 else None

    @contextmanager
    def connected(
        self, host: str, *headers: tuple[str, str], query: str = "", origin: str | None = None
    ) -> Iterator[Client]:
        """Open a WebSocket as a browser or a program does."""
        by_tunnel = socket.create_connection(("127.0.0.1", self.edge.port), timeout=SECONDS)
        opening = connect(
            f"ws://{host}/ws/energy{query}",
            sock=by_tunnel,
            origin=cast(Origin | None, origin),
            additional_headers=[*BY_TUNNEL, *headers],
            proxy=None,
            open_timeout=SECONDS,
        )
        with opening as connection:
            yield Client(connection)

    def refusal(self, host: str, *headers: tuple[str, str], **more: Any) -> int:
        with self.connected(host, *headers, **more) as client:
            assert client.hear()["type"] == "error"
            return client.end()


def configuration(tree: Tree) -> dict[str, str]:
    """Return what the tree's ConfigMap sets for the web process, but for addresses of the cluster."""
    api = next(one for one in tree.of_kind("Deployment") if one["metadata"]["name"] == "homelab-api")
    name = containers(api)[0]["envFrom"][0]["configMapRef"]["name"]
    found: Object = next(one for one in tree.of_kind("ConfigMap") if one["metadata"]["name"] == name)
    assert found["data"]["TRUSTED_PROXIES"] == traefik.PODS
    return {name: value for name, value in found["data"].items() if not name.startswith(OF_THE_CLUSTER)}


@contextmanager
def web_process(tree: Tree, issuer: HouseIssuer, directory: Path) -> Iterator[int]:
    """Start what the image's CMD starts, and give its port."""
    port = free_port()
    environment = {
        **os.environ,
        **configuration(tree),
        "HTTPS": "true",
        "LOCAL_LOGIN": "true",
        "TRUSTED_PROXIES": f"{traefik.CLOUDFLARED}/32",
        "OIDC_ISSUERS": msgspec.json.encode([issuer.setting()]).decode(),
        "WORKER_RUN_DIR": str(directory / "run"),
        "PYTHONPATH": parts.PROJECT,
    }
    program, *options = dockerfile.command()
    argv = [word.replace("0.0.0.0", "127.0.0.1").replace("8000", str(port)) for word in options]
    child = Child("web", [str(Path(sys.executable).parent / program), *argv], directory / "web.log", env=environment)
    child.start()
    try:
        child.wait_for_port(port, traefik.SECONDS)
        yield port
    finally:
        child.kill()


@pytest.fixture(scope="module")
def house(tree: Tree, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[House]:
    directory = tmp_path_factory.mktemp("site")
    issuer = HouseIssuer()
    made = House(Edge(0), issuer)
    with (
        web_process(tree, issuer, directory) as web,
        oauth2_proxy.serving(made.token("by proxy")) as proxy,
        traefik.running(tree, directory, {"homelab-api": web, "oauth2-proxy": proxy.server_port}) as running,
    ):
        yield House(Edge(running.port), issuer)
    issuer.stop()


@pytest.fixture
def session(transactional_db: None) -> tuple[str, str]:
    """The cookies of somebody who has logged in at the proxy and at the site."""
    browser = Browser()
    browser.force_login(User.objects.create_user("anna"))
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return "Cookie", f"{LOGGED_IN[1]}; __Host-homelab-session={key}"


def test_a_page_is_behind_two_doors(house: House, session: tuple[str, str]) -> None:
    first = house.edge.ask(PAGES, "/energy/")
    second = house.edge.ask(PAGES, "/energy/", LOGGED_IN)
    inside = house.edge.ask(PAGES, "/energy/", session)
    assert (first.status, first.headers["Location"]) == (302, oauth2_proxy.AUTHORIZE)
    assert (second.status, second.headers["Location"]) == (302, "/login/?next=/energy/")
    assert inside.status == 200
    assert b"</html>" in inside.body
    assert "max-age" in inside.headers["Strict-Transport-Security"]


def test_the_way_back_from_a_login_leads_to_the_site(house: House) -> None:
    answer = house.edge.ask(PAGES, "/login/oidc/callback/?code=x&state=y")
    assert answer.headers["Location"] != oauth2_proxy.AUTHORIZE
    assert "Content-Security-Policy" in answer.headers


def test_whoever_comes_past_the_tunnel_is_sent_to_https(house: House) -> None:
    answer = house.edge.ask(PAGES, "/energy/", LOGGED_IN, ("X-Forwarded-Proto", "http"), peer="127.0.0.2")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{PAGES}/energy/")


@pytest.mark.parametrize("path", ["/energy/", INFO])
def test_no_other_host_can_be_named(house: House, path: str) -> None:
    answer = house.edge.ask(PAGES, path, LOGGED_IN, ("X-Forwarded-Host", "evil.example"))
    assert answer.status == 400
    assert "evil" not in answer.headers.get("Location", "")


def test_the_api_knows_who_asks_by_the_token(house: House) -> None:
    assert house.who(PAGES, LOGGED_IN) == house.who(API, LOGGED_IN) == "by proxy"
    assert house.who(API, house.bearer("a program")) == "a program"
    assert house.who(API, house.bearer("a program"), LOGGED_IN) == "a program"
    assert house.who(PAGES) is None
    assert house.edge.ask(API, INFO).status == 401
    assert house.edge.ask(API, INFO, house.bearer(exp=1)).status == 401


def test_a_scope_that_is_lacking_is_403_through_all_of_it(house: House) -> None:
    assert house.edge.ask(API, "/api/v1/energy/latest", house.bearer(scope="read:heatpump")).status == 403


@pytest.mark.parametrize("header", sorted(IDENTITY_HEADERS))
def test_nobody_becomes_somebody_by_a_header(house: House, header: str) -> None:
    """Not even by a token that would be good in another place."""
    token = house.token("evil")
    for spelling in spellings(header).values():
        written = [(name, value.replace("evil", token)) for name, value in spelling]
        assert house.edge.ask(API, INFO, *written).status == 401
        assert house.who(PAGES, LOGGED_IN, *written) == "by proxy"
        assert house.who(API, house.bearer("a program"), *written) == "a program"


def test_a_websocket_is_not_opened_by_a_header(house: House) -> None:
    token = house.token("evil")
    for spelling in spellings("X-Auth-Request-Access-Token").values():
        written = [(name, value.replace("evil", token)) for name, value in spelling if name != "Connection"]
        assert house.refusal(API, *written) == house.refusal(PAGES, *written, origin=ORIGIN[1])


@pytest.mark.parametrize("host", [PAGES, API])
@pytest.mark.parametrize("method", ["GET", "PATCH", "POST", "DELETE"])
def test_a_preflight_lets_the_browser_send_what_the_site_takes(house: House, host: str, method: str) -> None:
    wanted = ", ".join(sorted(cors.CORS_ALLOW_HEADERS))
    asking = [ORIGIN, ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", wanted)]
    answer = house.edge.ask(host, SETTINGS, *asking, method="OPTIONS")
    assert answer.status == 200
    assert answer.headers.get_all("Access-Control-Allow-Origin") == [ORIGIN[1]]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert method in answer.headers["Access-Control-Allow-Methods"].split(",")
    allowed = {name.lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= set(cors.CORS_ALLOW_HEADERS)
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_a_stranger_s_preflight_lets_it_send_nothing(house: House) -> None:
    asking = [STRANGER, ("Access-Control-Request-Method", "PATCH")]
    answer = house.edge.ask(API, SETTINGS, *asking, method="OPTIONS")
    assert answer.headers["Access-Control-Allow-Origin"] is None


def errors(house: House) -> list[tuple[int, str, str, Headers, bytes]]:
    """Return the status of each kind of refusal with a request that gets it: method, path, headers, body."""
    asking = house.bearer()
    json = ("Content-Type", "application/json")
    return [
        (401, "GET", INFO, [], b""),
        (401, "GET", INFO, [house.bearer(exp=1)], b""),
        (403, "GET", "/api/v1/temperature/all-latest", [asking], b""),
        (404, "GET", "/api/v1/heatpump/settings/nobody", [asking], b""),
        (404, "GET", "/api/v1/nowhere", [asking], b""),
        (405, "DELETE", INFO, [asking], b""),
        (400, "PATCH", SETTINGS, [asking, json], b"{"),
        (413, "PATCH", SETTINGS, [asking, json], b" " * 100_000),
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_page_of_ours_can_read_every_refusal(house: House, number: int) -> None:
    status, method, path, headers, body = errors(house)[number]
    answer = house.edge.ask(API, path, ORIGIN, *headers, method=method, body=body)
    assert answer.status == status, answer.body
    assert answer.headers.get_all("Access-Control-Allow-Origin") == [ORIGIN[1]]
    assert answer.headers.get_all("Access-Control-Allow-Credentials") == ["true"]
    foreign = house.edge.ask(API, path, STRANGER, *headers, method=method, body=body)
    assert foreign.headers["Access-Control-Allow-Origin"] is None


def test_what_is_too_large_is_refused_and_the_site_goes_on(house: House) -> None:
    # daphne hangs up on headers of more than 16 KiB, which Traefik tells as its own trouble.
    assert house.edge.ask(API, INFO, house.bearer(), ("Cookie", "a" * 100_000)).status == 502
    # Traefik receives a body before it passes it on, so the site always hears how long one is.
    chunked = (
        f"PATCH {SETTINGS} HTTP/1.1\nHost: {API}\nX-Forwarded-Proto: https\nAuthorization: {house.bearer()[1]}\n"
        "Content-Type: application/json\nTransfer-Encoding: chunked\nConnection: close\n\n"
    )
    assert house.edge.say(f"{chunked}1\n{{\n0\n\n").startswith(b"HTTP/1.1 400 ")
    for size in (100_000, 1_048_577):
        assert house.edge.say(f"{chunked}{size:x}\n{' ' * size}\n0\n\n").startswith(b"HTTP/1.1 413 ")
    assert house.who(API, house.bearer("a program")) == "a program"


def publish(number: int) -> None:
    """Hand a reading on to the web process, as the stream worker does."""
    layer = RedisPubSubChannelLayer(hosts=[settings.REDIS_URL], prefix="homelab")
    one = reading(number)
    sent = LiveReading(one.topic, 9, number, 0, one.device_id, one.ts, encode_reading(one))
    asyncio.run(layer.group_send(GROUP, {"type": "readings", "readings": encode([sent])}))


def next_number(client: Client) -> int:
    """Return the number of the next reading of `tests.telemetry.live`; earlier tests may have left others."""
    while "number" not in (data := client.hear().get("data", {})):
        pass
    return int(data["number"])


def test_a_reading_goes_through_to_a_program_and_to_a_page(house: House, session: tuple[str, str]) -> None:
    query = f"?token={house.token('a program')}"
    with (
        house.connected(API, query=query) as program,
        house.connected(PAGES, session, origin=ORIGIN[1]) as page,
    ):
        for client in (program, page):
            assert client.subscribe("energy")["type"] != "error"
        publish(4_711)
        assert [next_number(client) for client in (program, page)] == [4_711, 4_711]


def test_a_websocket_of_another_site_is_refused(house: House, session: tuple[str, str]) -> None:
    assert house.refusal(PAGES, session, origin=STRANGER[1]) in range(4_400, 4_500)
    assert house.refusal(API, query=f"?token={house.token('a')}", origin=STRANGER[1]) in range(4_400, 4_500)
    assert house.refusal(PAGES, session) in range(4_400, 4_500)
    assert house.refusal(API) in range(4_400, 4_500)

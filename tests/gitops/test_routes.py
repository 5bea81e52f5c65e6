"""What the real Traefik makes of the tree's routes."""

import http.client
import json
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.gitops import traefik
from tests.gitops.tree import Tree
from tests.waiting import eventually

PAGES, API = "heatpump.k12n.com", "api.k12n.com"
LOGGED_IN = {"Cookie": "_oauth2_proxy=good"}
SPELLINGS = ("X-Auth-Request-Email", "x-auth-request-email", "X_Auth_Request_Email", "X-Auth_Request-Email")


class Edge:
    """Sends requests to Traefik, and reads what the site behind it saw."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def ask(self, host: str, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, Any]:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        connection.request(method, path, headers={"Host": host, **headers})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(body) if body.startswith(b"[") else None

    def status(self, host: str, path: str, **headers: str) -> int:
        return self.ask(host, path, **headers)[0]

    def seen(self, host: str, path: str, **headers: str) -> dict[str, str]:
        """Return the headers that reach the site."""
        status, _, body = self.ask(host, path, **headers)
        assert status == 200
        seen: dict[str, str] = body[1]
        return seen


@pytest.fixture(scope="module")
def edge(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with traefik.running(tree, tmp_path_factory.mktemp("traefik")) as url:
        made = Edge(url)
        eventually(lambda: made.status("authentik.k12n.com", "/") == 200, 60)
        yield made


def test_pages_lead_to_the_login_and_open_after_it(edge: Edge) -> None:
    status, headers, _ = edge.ask(PAGES, "/energy/")
    assert (status, headers["Location"]) == (302, traefik.LOGIN)
    assert edge.seen(PAGES, "/energy/", **LOGGED_IN)["X-Auth-Request-Access-Token"] == "the-token"


@pytest.mark.parametrize("host", [PAGES, API])
def test_the_api_answers_401_instead_of_a_login_page(edge: Edge, host: str) -> None:
    assert edge.status(host, "/api/v1/energy") == 401
    assert edge.status(host, "/api/v1/energy", **LOGGED_IN) == 200


def test_a_program_with_a_token_reaches_the_site_without_a_login(edge: Edge) -> None:
    assert edge.seen(API, "/api/v1/energy", Authorization="Bearer abc")["Authorization"] == "Bearer abc"
    assert edge.status(API, "/api/v1/energy", Authorization="Basic abc") == 401


def test_a_preflight_is_answered_before_the_login(edge: Edge) -> None:
    asking = {"Origin": f"https://{PAGES}", "Access-Control-Request-Method": "PATCH"}
    status, headers, _ = edge.ask(API, "/api/v1/settings", method="OPTIONS", **asking)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, f"https://{PAGES}")
    stranger = edge.ask(API, "/api/v1/settings", method="OPTIONS", **{**asking, "Origin": "https://evil.example"})
    assert stranger[1]["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("host", [PAGES, API])
def test_websockets_are_admitted_by_the_site(edge: Edge, host: str) -> None:
    assert edge.status(host, "/ws/energy") == 200


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("host", "path"), [(PAGES, "/"), (PAGES, "/ws/energy"), (PAGES, "/login/oidc/callback/"), (API, "/api/v1/energy")]
)
def test_nobody_says_from_outside_who_they_are(edge: Edge, host: str, path: str, spelling: str) -> None:
    for bearer in ({}, {"Authorization": "Bearer abc"}):
        seen = edge.seen(host, path, **LOGGED_IN, **bearer, **{spelling: "evil"})
        assert "evil" not in seen.values()


@pytest.mark.parametrize("spelling", ["X-Auth-Request-Access-Token", "X_Auth_Request_Access_Token"])
def test_a_token_of_the_proxy_cannot_be_made_up(edge: Edge, spelling: str) -> None:
    seen = edge.seen(API, "/api/v1/energy", Authorization="Bearer abc", **{spelling: "evil"})
    assert "evil" not in seen.values()


@pytest.mark.parametrize(
    "path", ["/metrics", "/health", "/health/ready", "//metrics", "/./metrics", "/static/../metrics"]
)
@pytest.mark.parametrize("host", [PAGES, API])
def test_metrics_and_probes_are_not_for_the_world(edge: Edge, host: str, path: str) -> None:
    assert edge.status(host, path, **LOGGED_IN) != 200


def test_an_unknown_host_leads_nowhere(edge: Edge) -> None:
    assert edge.status("evil.example", "/") == 404

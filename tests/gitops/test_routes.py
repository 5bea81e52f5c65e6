"""What the real Traefik makes of the tree's routes: who is asked for a login, and which headers reach what is behind.

`test_a_broken_tree_...` at the end takes away, one at a time, what these tests are about.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gitops import oauth2_proxy, traefik
from tests.gitops.edge import API, IDENTITY, LOGGED_IN, PAGES, Edge, Headers, echoing
from tests.gitops.rules_edge import IDENTITY_HEADERS
from tests.gitops.tree import Tree

TOKEN = "what-the-proxy-got-for-the-cookie"
BEARER = ("Authorization", "Bearer of-a-program")
# One request for each route of the tree, in the order of the tree.
ROUTES: list[tuple[str, str, Headers]] = [
    (PAGES, "/ws/energy", []),
    (PAGES, "/login/oidc/callback/", []),
    (PAGES, "/api/v1/energy/latest", [LOGGED_IN]),
    (PAGES, "/energy/", [LOGGED_IN]),
    (API, "/ws/energy", []),
    (API, "/api/v1/energy/latest", [BEARER]),
    (API, "/api/v1/energy/latest", [LOGGED_IN]),
    (IDENTITY, "/if/user/", []),
    (PAGES, "/oauth2/start", []),
]
CORS = [("Origin", f"https://{PAGES}"), ("Access-Control-Request-Method", "PATCH")]


@dataclass(frozen=True)
class World:
    """Traefik between an echo and the stand-in for oauth2-proxy."""

    edge: Edge
    proxy: oauth2_proxy.OAuth2Proxy
    traefik: traefik.Traefik

    def seen(self, host: str, path: str, *headers: tuple[str, str], peer: str = "") -> list[tuple[str, str]]:
        """Return the headers of a request as they reach what is behind its route."""
        answer = self.edge.ask(host, path, *headers, peer=peer)
        if not path.startswith("/oauth2/"):
            return answer.seen()
        assert answer.status < 400
        return self.proxy.asked[-1][1]


@contextmanager
def behind(tree: Tree, directory: Path) -> Iterator[World]:
    with oauth2_proxy.serving(TOKEN) as proxy, echoing() as echo:
        backends = {"homelab-api": echo, "authentik-server": echo, "oauth2-proxy": proxy.server_port}
        with traefik.running(tree, directory, backends) as running:
            yield World(Edge(running.port), proxy, running)


@pytest.fixture(scope="module")
def world(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with behind(tree, tmp_path_factory.mktemp("traefik")) as made:
        yield made


def test_traefik_takes_every_route_and_middleware_of_the_tree(world: World, tree: Tree) -> None:
    routers = world.traefik.known("routers")
    assert len(routers) == len(ROUTES)
    assert {one["status"] for kind in ("routers", "middlewares", "services") for one in world.traefik.known(kind)} == {
        "enabled"
    }
    assert len(world.traefik.known("middlewares")) == len(list(tree.of_kind("Middleware")))
    assert {one["rule"] for one in routers} == {
        route["match"] for thing in tree.of_kind("IngressRoute") for route in thing["spec"]["routes"]
    }


def test_pages_lead_to_the_login_and_open_after_it(world: World) -> None:
    answer = world.edge.ask(PAGES, "/energy/")
    assert (answer.status, answer.headers["Location"]) == (302, oauth2_proxy.AUTHORIZE)
    assert ("X-Auth-Request-Access-Token", TOKEN) in world.seen(PAGES, "/energy/", LOGGED_IN)


def test_who_is_logged_in_is_known_by_the_token_only(world: World) -> None:
    """The proxy names the user too, and nothing behind Traefik shall come to rely on that."""
    names = {name.lower() for name, _ in world.seen(PAGES, "/energy/", LOGGED_IN)}
    assert {name for name in names if name.startswith("x-auth-")} == {"x-auth-request-access-token"}


def test_a_session_that_the_proxy_renews_is_renewed_in_the_browser(world: World) -> None:
    """It is larger than a cookie may be, so it comes in parts."""
    answer = world.edge.ask(PAGES, "/energy/", ("Cookie", "_oauth2_proxy=stale"))
    assert answer.headers.get_all("Set-Cookie") == [oauth2_proxy.REFRESHED]


@pytest.mark.parametrize("host", [PAGES, API])
def test_the_api_answers_401_instead_of_a_login_page(world: World, host: str) -> None:
    assert world.edge.ask(host, "/api/v1/energy/latest").status == 401
    assert world.edge.ask(host, "/api/v1/energy/latest", LOGGED_IN).status == 200


def test_a_program_with_a_token_reaches_the_site_without_a_login(world: World) -> None:
    assert BEARER in world.seen(API, "/api/v1/energy/latest", BEARER)
    assert world.edge.ask(API, "/api/v1/energy/latest", ("Authorization", "Basic abc")).status == 401


@pytest.mark.parametrize("cookie", [[], [LOGGED_IN]])
def test_a_preflight_is_answered_before_the_login(world: World, cookie: Headers) -> None:
    for host in (PAGES, API):
        answer = world.edge.ask(host, "/api/v1/heatpump/settings/pump", *CORS, *cookie, method="OPTIONS")
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, f"https://{PAGES}")


def test_the_way_back_from_a_login_and_logging_out_need_no_login(world: World) -> None:
    assert world.edge.ask(PAGES, "/login/oidc/callback/?code=x&state=y").status == 200
    back = world.edge.ask(PAGES, "/oauth2/callback?code=x&state=y")
    assert (back.status, back.headers["Set-Cookie"]) == (302, "_oauth2_proxy=good; Path=/")
    assert world.edge.ask(PAGES, "/oauth2/sign_out").status == 302
    assert world.edge.ask(API, "/oauth2/callback?code=x&state=y").status == 404


@pytest.mark.parametrize("host", [PAGES, API])
def test_websockets_are_admitted_by_the_site(world: World, host: str) -> None:
    assert world.edge.ask(host, "/ws/energy").status == 200


@pytest.mark.parametrize("number", range(7), ids=[f"{host}{path}" for host, path, _ in ROUTES[:7]])
def test_a_large_body_does_not_reach_the_site(world: World, number: int) -> None:
    """The body itself is not sent: how long it is says enough."""
    host, path, usual = ROUTES[number]
    headers = "".join(f"{name}: {value}\n" for name, value in usual)
    request = f"OPTIONS {path} HTTP/1.1\nHost: {host}\n{headers}Connection: close\nContent-Length: 1048577\n\n"
    # What is no WebSocket is a page, with a login in front, or nothing.
    closed = {(PAGES, "/ws/energy"): b"302", (API, "/ws/energy"): b"404"}
    assert world.edge.say(request).split()[1] == closed.get((host, path), b"413")


def spellings(header: str) -> dict[str, Headers]:
    """Return ways to write a header that some server might read as it."""
    return {
        "as it is": [(header, "evil")],
        "lower": [(header.lower(), "evil")],
        "upper": [(header.upper(), "evil")],
        "underscores": [(header.replace("-", "_"), "evil")],
        "one underscore": [(header.replace("-", "_", 1), "evil")],
        "upper underscores": [(header.upper().replace("-", "_"), "evil")],
        "as WSGI names it": [(f"HTTP_{header.upper().replace('-', '_')}", "evil")],
        "twice": [(header, "evil"), (header, "evil too")],
        "twice in two spellings": [(header, "evil"), (header.replace("-", "_"), "evil too")],
        "spaces": [(header, "   evil \t")],
        "empty first": [(header, ""), (header, "evil")],
        "named by Connection": [("Connection", f"close, {header}"), (header, "evil")],
    }


@pytest.mark.parametrize("number", range(len(ROUTES)), ids=[f"{host}{path}" for host, path, _ in ROUTES])
def test_nobody_says_from_outside_who_they_are(world: World, number: int) -> None:
    host, path, usual = ROUTES[number]
    passed = [
        (header, spelling)
        for header in sorted(IDENTITY_HEADERS)
        for spelling, written in spellings(header).items()
        if "evil" in str(world.seen(host, path, *usual, *written))
    ]
    assert passed == []


@pytest.mark.parametrize(
    "line", ["X-Auth-Request-Email : evil", "X-Auth-Request-Email\t: evil", "X-Auth-Request-Email.: evil", ": evil"]
)
def test_a_header_that_is_no_header_ends_the_request(world: World, line: str) -> None:
    answer = world.edge.say(f"GET /ws/energy HTTP/1.1\nHost: {API}\nA: b\n{line}\nConnection: close\n\n")
    assert answer.startswith(b"HTTP/1.1 400 ") or b"evil" not in answer, answer


def test_the_word_of_the_tunnel_counts_for_where_a_request_comes_from(world: World) -> None:
    seen = dict(world.seen(API, "/api/v1/energy/latest", BEARER))
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["X-Forwarded-For"] == f"203.0.113.9, {traefik.CLOUDFLARED}"


@pytest.mark.skipif(sys.platform == "darwin", reason="it has no second loopback address to be somebody else at")
def test_nobody_else_s_word_counts_for_it(world: World) -> None:
    lies = [("X-Forwarded-Host", "evil"), ("X-Forwarded-Proto", "evil"), ("X-Real-Ip", "evil")]
    seen = world.seen(API, "/api/v1/energy/latest", BEARER, *lies, peer="127.0.0.2")
    told = dict(seen)
    assert (told["X-Forwarded-For"], told["X-Forwarded-Proto"], told["X-Forwarded-Host"]) == ("127.0.0.2", "http", API)
    assert "evil" not in str(seen)


@pytest.mark.parametrize(
    "path", ["/metrics", "/health", "/health/ready", "//metrics", "/./metrics", "/static/../metrics", "/%6detrics"]
)
@pytest.mark.parametrize("host", [PAGES, API])
def test_metrics_and_probes_are_not_for_the_world(world: World, host: str, path: str) -> None:
    assert world.edge.ask(host, path, LOGGED_IN).status != 200


def test_an_unknown_host_leads_nowhere(world: World) -> None:
    assert world.edge.ask("evil.example", "/").status == 404


@dataclass(frozen=True)
class Mutation:
    """What is broken in which file of the tree, and which test finds out."""

    file: str
    says: str
    instead: str
    test: Callable[[World], None]


def nobody_by_websocket(world: World) -> None:
    test_nobody_says_from_outside_who_they_are(world, 0)


def large_body_by_token(world: World) -> None:
    test_a_large_body_does_not_reach_the_site(world, 5)


MIDDLEWARES, RELEASE = "apps/base/routes/middlewares.yaml", "infrastructure/controllers/traefik/release.yaml"
ALIASES = "--entryPoints.web.http.aliasHeadersStrategy=delete"
CORS_THEN_LOGIN = "- name: cors\n        - name: login-or-401"
LOGIN_THEN_CORS = "- name: login-or-401\n        - name: cors"
MUTATIONS = {
    "a header that is not scrubbed": Mutation(
        MIDDLEWARES, 'X-Auth-Request-Email: ""', 'X-Other: ""', nobody_by_websocket
    ),
    "other spellings of headers": Mutation(RELEASE, ALIASES, "--ping=true", nobody_by_websocket),
    "a login before CORS": Mutation(
        "apps/base/routes/site.yaml",
        CORS_THEN_LOGIN,
        LOGIN_THEN_CORS,
        lambda world: test_a_preflight_is_answered_before_the_login(world, []),
    ),
    "a name that is handed on": Mutation(
        MIDDLEWARES,
        "authResponseHeaders: [X-Auth-Request-Access-Token]",
        "authResponseHeaders: [X-Auth-Request-Access-Token, X-Auth-Request-Email]",
        test_who_is_logged_in_is_known_by_the_token_only,
    ),
    "a login that sees no cookie": Mutation(
        MIDDLEWARES,
        "[Accept, Authorization, Cookie, User-Agent]",
        "[Accept]",
        test_pages_lead_to_the_login_and_open_after_it,
    ),
    "a body of any size": Mutation(
        "apps/base/routes/site.yaml", "        - name: small-bodies\n", "", large_body_by_token
    ),
    "everybody's word": Mutation(RELEASE, "[10.42.0.0/16]", "[127.0.0.0/8]", test_nobody_else_s_word_counts_for_it),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=list(MUTATIONS))
def test_a_broken_tree_is_found_out(tree: Tree, copy: Path, tmp_path: Path, mutation: Mutation) -> None:
    path = copy / "gitops" / mutation.file
    whole = path.read_text()
    assert mutation.says in whole
    path.write_text(whole.replace(mutation.says, mutation.instead))
    try:
        broken = tree.changed(copy, f"gitops/{mutation.file}")
        with behind(broken, tmp_path) as world, pytest.raises(AssertionError):
            mutation.test(world)
    finally:
        path.write_text(whole)

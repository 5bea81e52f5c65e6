"""What else a stranger, a page of another site or a proxy could try, against the server as it runs."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User

from homelab_site.api.sizes import MAX_BODY_BYTES
from tests.homelab_site.access.conftest import PATH
from tests.homelab_site.access.issuer import HouseIssuer
from tests.homelab_site.access.server import Answer, Server

SETTINGS = "/api/v1/heatpump/settings/no-such-pump"
ALLOWED, FOREIGN = "https://heatpump.k12n.com", "https://evil.example"
FORWARDED = {"X-Forwarded-Host": "house.example", "X-Forwarded-Proto": "https"}
JSON = {"Content-Type": "application/json"}
CHANGE = json.dumps({"indoor_target_temp": 20})
NOT_FOUND = 404
"""What a change that may be made is answered with, since there is no such pump."""
PASSWORD = "a-password-of-the-tests"


@pytest.fixture(scope="module")
def issuer() -> Iterator[HouseIssuer]:
    made = HouseIssuer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, issuer: HouseIssuer) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("edges"), issuer)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def behind_proxy(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, issuer: HouseIssuer
) -> Iterator[Server]:
    """A server that takes this machine for its proxy, which ends TLS."""
    trusted = {"TRUSTED_PROXIES": "127.0.0.1", "HTTPS": "true", "ALLOWED_HOSTS": "house.example,127.0.0.1"}
    made = Server(tmp_path_factory.mktemp("behind"), issuer, **trusted)
    yield made
    made.stop()


@pytest.fixture
def staff(transactional_db: None) -> str:
    User.objects.create_user("anna", password=PASSWORD, is_staff=True)
    return "anna"


class Browser:
    """Keeps cookies, and says which site it is on."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.cookies: dict[str, str] = {}
        self.set_cookies: list[str] = []

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._server.send(method, path, {"Cookie": cookie, **headers}, body)
        for line in answer[1].get_all("Set-Cookie") or []:
            self.set_cookies.append(line)
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def csrf_token(self, path: str = "/login/", **headers: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.send("GET", path, **headers)[2])
        assert found
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD, **headers: str) -> Answer:
        token = self.csrf_token(**headers)
        form = urlencode({"username": name, "password": password, "csrfmiddlewaretoken": token})
        return self.send("POST", "/login/", form, **{"Content-Type": "application/x-www-form-urlencoded", **headers})


def test_a_session_changes_something_with_a_csrf_token_only(server: Server, staff: str) -> None:
    browser = Browser(server)
    assert browser.log_in(staff)[0] == 302
    assert browser.send("GET", PATH)[0] == 200
    for headers in ({}, {"X-CSRFToken": "a" * 64}, {"X-CSRFToken": "", "Origin": ALLOWED}):
        assert browser.send("PATCH", SETTINGS, CHANGE, **JSON, **headers)[0] == 403
    token = browser.csrf_token("/")
    assert browser.send("PATCH", SETTINGS, CHANGE, **JSON, **{"X-CSRFToken": token, "Origin": FOREIGN})[0] == 403
    assert browser.send("PATCH", SETTINGS, CHANGE, **JSON, **{"X-CSRFToken": token})[0] == NOT_FOUND


def test_no_script_reads_a_cookie_and_no_other_site_sends_one(server: Server, staff: str) -> None:
    browser = Browser(server)
    browser.log_in(staff)
    assert len(browser.set_cookies) >= 2
    for line in browser.set_cookies:
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line


def test_cookies_of_a_site_with_tls_are_for_its_host_only(behind_proxy: Server) -> None:
    browser = Browser(behind_proxy)
    browser.send("GET", "/login/", **{"X-Forwarded-Proto": "https"})
    assert browser.set_cookies
    for line in browser.set_cookies:
        assert line.startswith("__Host-")
        assert "Secure" in line


def test_a_bearer_token_needs_no_csrf_token(server: Server) -> None:
    def status(scope: str) -> int:
        authorization = {"Authorization": f"Bearer {server.issuer.token(scope=scope)}"}
        return server.send("PATCH", SETTINGS, {**JSON, **authorization}, CHANGE)[0]

    assert status("write:settings") == NOT_FOUND
    assert status("read:settings") == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, NOT_FOUND),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://house.example"}, NOT_FOUND),
        ({"Origin": "https://house.example"}, NOT_FOUND),
        ({"Sec-Fetch-Site": "same-site", "Origin": ALLOWED}, NOT_FOUND),
        ({"Sec-Fetch-Site": "cross-site", "Origin": FOREIGN}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://other.house.example"}, 403),
        ({"Origin": "http://house.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_of_another_site_changes_nothing_by_a_token_that_the_proxy_brings(
    behind_proxy: Server, headers: dict[str, str], status: int
) -> None:
    brought = {"X-Auth-Request-Access-Token": behind_proxy.issuer.token(scope="write:settings")}
    assert behind_proxy.send("PATCH", SETTINGS, {**JSON, **FORWARDED, **brought, **headers}, CHANGE)[0] == status


def test_what_a_trusted_proxy_forwards_counts(behind_proxy: Server) -> None:
    status, headers, _ = behind_proxy.send("GET", "/status/", {"X-Forwarded-Host": "house.example"})
    assert (status, headers["Location"]) == (301, "https://house.example/status/")
    status, headers, _ = behind_proxy.send("GET", "/status/", FORWARDED)
    assert (status, headers["Strict-Transport-Security"]) == (302, "max-age=31536000; includeSubDomains")
    assert behind_proxy.send("GET", PATH, {**FORWARDED, "X-Forwarded-Host": "evil.example"})[0] == 400


def test_what_anybody_else_forwards_does_not(server: Server) -> None:
    status, headers, _ = server.send(
        "GET", "/status/", {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    )
    assert (status, headers["Location"]) == (302, "/login/?next=/status/")
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("origin", [ALLOWED, "http://localhost:5173"])
def test_a_preflight_is_answered_without_a_token(server: Server, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,if-match,idempotency-key",
    }
    status, headers, _ = server.send("OPTIONS", SETTINGS, asked)
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert "PATCH" in headers["Access-Control-Allow-Methods"]
    allowed = set(headers["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "content-type", "if-match", "idempotency-key"} <= allowed


def test_even_a_refusal_can_be_read_by_an_allowed_origin(server: Server) -> None:
    for token, status in ((None, 401), (server.issuer.token(scope=""), 403), (server.issuer.token(), 200)):
        answered, headers, _ = server.ask(token, Origin=ALLOWED)
        assert (answered, headers["Access-Control-Allow-Origin"]) == (status, ALLOWED)
        assert "etag" in headers["Access-Control-Expose-Headers"]
        assert "origin" in headers["Vary"].lower()


@pytest.mark.parametrize(
    "origin", [FOREIGN, "http://heatpump.k12n.com", "https://heatpump.k12n.com.evil.example", "null", "nonsense"]
)
def test_a_foreign_origin_reads_nothing(server: Server, origin: str) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for status, headers, _ in (
        server.send("OPTIONS", PATH, preflight),
        server.ask(server.issuer.token(), Origin=origin),
        server.ask(Origin=origin),
    ):
        assert status in {200, 401}
        assert not [name for name in headers if name.startswith("Access-Control")]


def test_nothing_but_the_api_is_for_other_origins(server: Server) -> None:
    for path in ("/login/", "/status/", "/health", "/static/homelab/icon.svg"):
        assert "Access-Control-Allow-Origin" not in server.send("GET", path, {"Origin": ALLOWED})[1]


def test_a_large_body_is_refused(server: Server) -> None:
    authorization = {"Authorization": f"Bearer {server.issuer.token(scope='write:settings')}"}
    status, _, body = server.send("PATCH", SETTINGS, {**JSON, **authorization}, " " * (MAX_BODY_BYTES + 1))
    assert (status, body["code"]) == (413, "too_large")
    assert server.send("PATCH", SETTINGS, {**JSON, **authorization}, CHANGE.ljust(MAX_BODY_BYTES))[0] == NOT_FOUND


def test_whoever_sends_a_root_path_is_nowhere_else(server: Server) -> None:
    authorization = {"Authorization": f"Bearer {server.issuer.token(scope='write:settings')}"}
    root = {"Daphne-Root-Path": "/elsewhere"}
    large = " " * (MAX_BODY_BYTES + 1)
    assert server.send("PATCH", f"/elsewhere{SETTINGS}", {**JSON, **authorization, **root}, large)[0] == 404
    assert server.send("GET", "/status/", root)[1]["Location"] == "/login/?next=/status/"


@pytest.mark.parametrize("path", ["/", PATH, "/login/"])
def test_a_null_character_breaks_nothing(server: Server, path: str) -> None:
    assert server.send("GET", path, {"Cookie": r'homelab-session="abcdefgh\000"'})[0] == 400
    assert server.send("GET", f"{path}%00", {"Authorization": f"Bearer {server.issuer.token()}"})[0] == 400


def test_a_body_that_does_not_say_its_length_is_refused(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("PATCH", SETTINGS, iter([CHANGE.encode()]), JSON, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()


@pytest.mark.parametrize(
    "request_line",
    [
        f"GET {PATH} HTTP/1.1\r\nAuthorization: Bearer {'a' * 1024 * 1024}",
        f"GET {PATH}?token={'a' * 32_000} HTTP/1.1",
        f"GET {PATH} HTTP/1.1\r\n" + "\r\n".join(f"X-{number}: x" for number in range(600)),
    ],
    ids=["a token of a megabyte", "a long path", "many headers"],
)
def test_a_head_that_is_too_large_is_refused_before_it_has_been_sent(server: Server, request_line: str) -> None:
    began = time.monotonic()
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(f"{request_line}\r\nHost: 127.0.0.1\r\n\r\n".encode())
            answer = connection.recv(4096)
        except ConnectionError:  # the server closes while the rest is still on its way
            pass
    assert re.match(rb"HTTP/1.1 4\d\d |$", answer)
    assert time.monotonic() - began < 5
    assert server.ask(server.issuer.token())[0] == 200


def test_a_file_is_refused(server: Server) -> None:
    browser = Browser(server)
    token = browser.csrf_token()
    part = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    form = part.format("csrfmiddlewaretoken", "", token) + part.format("x", '; filename="x"', "x") + "--b--\r\n"
    assert browser.send("POST", "/login/", form, **{"Content-Type": "multipart/form-data; boundary=b"})[0] == 400


def test_wrong_passwords_lock_a_name_out_from_one_address_only(behind_proxy: Server, staff: str) -> None:
    def status(address: str, password: str) -> int:
        forwarded = {"X-Forwarded-For": f"192.0.2.9, {address}", **FORWARDED}
        return Browser(behind_proxy).log_in(staff, password, Origin="https://house.example", **forwarded)[0]

    assert {status("203.0.113.5", "wrong") for _ in range(9)} == {200}
    assert status("203.0.113.5", "wrong") == 429
    assert status("203.0.113.5", PASSWORD) == 429
    assert status("203.0.113.6", PASSWORD) == 302

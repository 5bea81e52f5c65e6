"""An issuer that answers too slowly, too much, from elsewhere or not at all."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from homelab_site.access.fetching import MAX_BYTES, asked_for, fetch
from homelab_site.health.asking import UnavailableError
from homelab_site.stack.child import free_port

Answer = Callable[[BaseHTTPRequestHandler], None]

stopped = Event()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Serve an answer, and return where."""
    servers = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    stopped.clear()
    yield start
    stopped.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def answer_of(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def drip(request: BaseHTTPRequestHandler) -> None:
    """Send a byte so often that no single wait takes long."""
    request.send_response(200)
    request.end_headers()
    while not stopped.wait(0.1):
        request.wfile.write(b" ")


def test_an_answer_is_read(serve: Callable[[Answer], str]) -> None:
    assert asked_for(serve(answer_of(b'{"a": 1}')), dict[str, int]) == {"a": 1}


def test_an_answer_that_never_ends_is_not_waited_for(serve: Callable[[Answer], str]) -> None:
    with pytest.raises(UnavailableError, match="no answer within 2"):
        asked_for(serve(drip), dict[str, int])


def test_an_address_elsewhere_is_not_followed(serve: Callable[[Answer], str]) -> None:
    elsewhere = serve(answer_of(b'{"a": 1}'))
    for status in (301, 302, 303, 307, 308):
        with pytest.raises(UnavailableError, match=f"answered with status {status}"):
            fetch(serve(answer_of(b"", status, Location=elsewhere)), dict[str, int])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answer_of(b'{"a": 1}', 500), "status 500"),
        (answer_of(b"{" + b" " * MAX_BYTES), "more than"),
        (answer_of(b""), "something else"),
        (answer_of(b"<html>"), "something else"),
        (answer_of(b"[1]"), "something else"),
        (answer_of(b"\xff"), "something else"),
        (answer_of(b"[" * 100_000), "something else"),
    ],
)
def test_another_answer_is_none(serve: Callable[[Answer], str], answer: Answer, reason: str) -> None:
    with pytest.raises(UnavailableError, match=reason):
        fetch(serve(answer), dict[str, int])


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://nowhere.invalid/", "http://127.0.0.1:port/"])
def test_nobody_there_is_an_error_that_says_so(url: str) -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        fetch(url.format(free_port()), dict[str, int])

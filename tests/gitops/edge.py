"""Asking Traefik as the world does: by way of cloudflared, which is where TLS ends, or past it."""

import http.client
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.gitops.traefik import CLOUDFLARED

PAGES, API, IDENTITY = "heatpump.k12n.com", "api.k12n.com", "authentik.k12n.com"
LOGGED_IN = ("Cookie", "_oauth2_proxy=good")
BY_TUNNEL = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9")]
"""What cloudflared says of a request: https, and whose it was."""

Headers = Sequence[tuple[str, str]]


class Answer:
    def __init__(self, status: int, headers: Message, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)

    def seen(self) -> list[tuple[str, str]]:
        """Return the headers that reached the echo."""
        assert self.status == 200, (self.status, self.body)
        return [(name, value) for name, value in self.json()]


class Edge:
    """Sends requests to Traefik."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, host: str, path: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"", peer: str = ""
    ) -> Answer:
        """Ask by way of cloudflared, or as another peer of Traefik, whose word does not count."""
        source = peer or CLOUDFLARED
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(source, 0))
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", host), *BY_TUNNEL, *headers]:
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def say(self, request: str) -> bytes:
        """Send a request as it is, and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request.replace("\n", "\r\n").encode())
            return b"".join(iter(lambda: connection.recv(65_536), b""))


class Echo(BaseHTTPRequestHandler):
    """Answers any request with the headers that reached it."""

    def do_GET(self) -> None:
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def echoing() -> Iterator[int]:
    """Give the port of an echo."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()

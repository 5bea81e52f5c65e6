"""A WebSocket client as programs write it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

SECONDS = 30.0


class Client:
    """One connection to `/ws/energy`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, **message: object) -> None:
        self.connection.send(json.dumps(message))

    def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(self.connection.recv(SECONDS))
        return heard

    def ask(self, **message: object) -> dict[str, Any]:
        self.say(**message)
        return self.hear()

    def subscribe(self, *streams: str) -> dict[str, Any]:
        return self.ask(type="subscribe", streams=list(streams))

    def numbers(self, count: int) -> list[int]:
        """Return the numbers of the next readings."""
        return [self.hear()["data"]["number"] for _ in range(count)]

    def end(self) -> int:
        """Wait for the end of the connection and return its code."""
        try:
            while True:
                self.connection.recv(SECONDS)
        except ConnectionClosed as error:
            assert error.rcvd, "the connection broke off"
            return error.rcvd.code


@contextmanager
def connected(port: int, token: str | None = None, origin: str | None = None, **headers: str) -> Iterator[Client]:
    """Connect as somebody, whoever that is."""
    query = "" if token is None else f"?token={token}"
    opening = connect(
        f"ws://127.0.0.1:{port}/ws/energy{query}",
        origin=cast(Origin | None, origin),
        additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
        proxy=None,
        open_timeout=SECONDS,
        ping_interval=None,  # who does not read hears no pong either, and would hang up after a while
    )
    with opening as connection:
        yield Client(connection)


def refusal(port: int, token: str | None = None, origin: str | None = None, **headers: str) -> tuple[int, str, str]:
    """Connect; return the close code, the error's code and its sentence of a client that is refused."""
    with connected(port, token, origin, **headers) as client:
        error = client.hear()
        assert error["type"] == "error", error
        return client.end(), error["code"], error["message"]

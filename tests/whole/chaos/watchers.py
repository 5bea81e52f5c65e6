"""Clients of `/ws/energy` that come back whenever they are cut off, and write down what they heard."""

import time
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import ClientConnection, connect

from telemetry.live.protocol import Data, Error, ServerMessage, Stream, Subscribed
from tests.homelab_site.access.issuer import HouseIssuer
from tests.whole.chaos.repeated import Repeated

OPEN_SECONDS = 5.0
SILENT_SECONDS = 5.0
PAUSE_SECONDS = 0.2
SCOPES = " ".join(stream.scope for stream in Stream)
_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


@dataclass(frozen=True, slots=True)
class Heard:
    """A reading that came in some connection, counted from 0, at a Unix time. `value` is what Kafka has of it."""

    connection: int
    at: float
    stream: Stream
    value: bytes
    is_snapshot: bool


class Watcher(Repeated):
    """One client. It takes a silence of some seconds for the end of the connection."""

    def __init__(self, issuer: HouseIssuer, port: int) -> None:
        super().__init__("watcher", PAUSE_SECONDS)
        self.heard: list[Heard] = []
        self.connections = 0
        self.refusals: list[str] = []
        self._issuer = issuer
        self._port = port

    def look(self) -> None:
        with suppress(OSError, WebSocketException, InvalidHandshake, EOFError):
            self._watch()

    def _watch(self) -> None:
        token = self._issuer.token(scope=SCOPES)
        url = f"ws://127.0.0.1:{self._port}/ws/energy?token={token}"
        with connect(url, proxy=None, open_timeout=OPEN_SECONDS, close_timeout=1, max_queue=None) as connection:
            connection.send(msgspec.json.encode({"type": "subscribe", "streams": list(Stream)}).decode())
            self._listen(connection)

    def _listen(self, connection: ClientConnection) -> None:
        number, self.connections = self.connections, self.connections + 1
        while not self._ends.is_set():
            message = _decoder.decode(connection.recv(SILENT_SECONDS))
            match message:
                case Data():
                    heard = Heard(number, time.time(), message.stream, bytes(message.data), message.snapshot)
                    self.heard.append(heard)
                case Error():
                    self.refusals.append(message.message)
                case Subscribed():
                    pass

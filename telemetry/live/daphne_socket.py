"""One client's socket under daphne, behind its back: the only file that knows how daphne is made.

An ASGI `send` of daphne returns at once, however much waits for a client that does not read, and costs five times what
the system call does. So this takes the connection's protocol object out of that `send`. The bytes that wait are the
Twisted transport's, which tells its producer when they are too many and when they are gone
(`twisted.internet.interfaces.IPushProducer`). While none wait, a frame goes to the socket at once: Twisted would put it
into a buffer, ask the event loop to watch the socket, send, and ask it to watch no more.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast

import autobahn.websocket.protocol
from twisted.internet.abstract import FileDescriptor

from telemetry.live.frames import Frame, WaitingFrames
from telemetry.live.protocol import MAX_CLIENT_BYTES

CLOSE_SECONDS = 5.0
"""How long a client has to answer a close frame. Whoever is cut off before that may never read why it was closed, and
Autobahn's one second is less than what a phone in the cellar needs."""
OPEN = autobahn.websocket.protocol.WebSocketProtocol.STATE_OPEN


class Transport(Protocol):
    """The part of a Twisted transport that is used here."""

    def registerProducer(self, producer: object, streaming: bool) -> None: ...  # noqa: N802
    def unregisterProducer(self) -> None: ...  # noqa: N802
    def pauseProducing(self) -> None: ...  # noqa: N802
    def resumeProducing(self) -> None: ...  # noqa: N802
    def write(self, data: bytes) -> None: ...


class WebSocketProtocol(Protocol):
    """The part of daphne's protocol of a connection that is used here."""

    transport: Transport
    state: int
    closeHandshakeTimeout: float  # noqa: N815
    failByDrop: bool  # noqa: N815
    """Whether a client that breaks the protocol is cut off instead of told so."""
    maxFramePayloadSize: int  # noqa: N815
    maxMessagePayloadSize: int  # noqa: N815

    onPing: Callable[[bytes], None]  # noqa: N815

    def sendPong(self, payload: bytes) -> None: ...  # noqa: N802


def protocol_of(send: Any) -> WebSocketProtocol | None:
    """Return the connection that an ASGI `send` belongs to, or None if it is not daphne's.

    `daphne.server.Server.create_application` makes it as `partial(self.handle_reply, protocol)`.
    """
    found = next(iter(getattr(send, "args", ())), None)
    is_daphne = isinstance(found, autobahn.websocket.protocol.WebSocketProtocol)
    return cast(WebSocketProtocol, found) if is_daphne else None


class DaphneSocket:
    """Waits beyond the 64 KiB of the transport."""

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        # Behind TLS of daphne's own, the transport is another one.
        self._descriptor = self._transport if isinstance(self._transport, FileDescriptor) else None
        self._waiting = WaitingFrames()
        self._is_full = False
        self._unanswered: bytes | None = None
        protocol.onPing = self._answer_ping
        protocol.maxFramePayloadSize = protocol.maxMessagePayloadSize = MAX_CLIENT_BYTES
        protocol.failByDrop = False
        protocol.closeHandshakeTimeout = CLOSE_SECONDS
        # The producer until now is the HTTP channel that the connection began as.
        self._transport.unregisterProducer()
        self._transport.registerProducer(self, True)

    def send(self, prepared: Frame) -> None:
        if self._is_full:
            self._waiting.append(prepared)
        else:
            self._write(prepared.wire)

    async def send_last(self, prepared: Frame) -> None:
        self._waiting.clear()
        self._write(prepared.wire)

    def stop_reading(self) -> None:
        self._transport.pauseProducing()

    def go_on_reading(self) -> None:
        self._transport.resumeProducing()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport has too much."""
        self._is_full = True

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The transport has handed over all that it had."""
        self._is_full = False
        if self._unanswered is not None:
            self._protocol.sendPong(self._unanswered)
            self._unanswered = None
        while self._waiting and not self._is_full:
            self._write(self._waiting.popleft().wire)

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The connection is lost."""
        self._is_full = True
        self._waiting.clear()

    def _write(self, data: bytes) -> None:
        """Hand bytes to the socket, and what it does not take to the transport; none after a close frame."""
        if self._protocol.state != OPEN:
            return
        taken = self._written_at_once(data)
        if taken < len(data):
            self._transport.write(data[taken:])

    def _written_at_once(self, data: bytes) -> int:
        """Return how many bytes the socket has taken: none if others wait, such as a pong of Autobahn's."""
        descriptor = self._descriptor
        if descriptor is None or descriptor.dataBuffer or descriptor._tempDataLen:
            return 0
        taken = descriptor.writeSomeData(data)
        # Of a connection that is lost, the transport learns when it writes.
        return taken if isinstance(taken, int) else 0

    def _answer_ping(self, payload: bytes) -> None:
        """Answer a ping; of those that come while the client does not read, the newest (RFC 6455, section 5.5.3)."""
        if self._is_full:
            self._unanswered = payload
        else:
            self._protocol.sendPong(payload)

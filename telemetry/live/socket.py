"""One client's socket under daphne: what it cannot take now waits, and the oldest of that is lost.

An ASGI `send` of daphne returns at once, however much waits for a client that does not read. So this looks behind
it: the bytes that wait are the Twisted transport's, which tells its producer when they are too many and when they
are gone (`twisted.internet.interfaces.IPushProducer`). A frame that is prepared once for all clients is Autobahn's
(`WebSocketProtocol.sendPreparedMessage`).
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from autobahn.websocket.protocol import PreparedMessage

from telemetry.live.metrics import DROPPED
from telemetry.live.protocol import MAX_CLIENT_BYTES, ServerMessage, encoded

WAITING_FRAMES = 1_000
"""Frames that wait beyond the 64 KiB of the transport. They are the same objects for all clients, so memory is flat."""

Frame = PreparedMessage


class Transport(Protocol):
    """The part of a Twisted transport that is used here."""

    def registerProducer(self, producer: object, streaming: bool) -> None: ...  # noqa: N802
    def unregisterProducer(self) -> None: ...  # noqa: N802
    def pauseProducing(self) -> None: ...  # noqa: N802
    def resumeProducing(self) -> None: ...  # noqa: N802


class WebSocketProtocol(Protocol):
    """The part of daphne's protocol of a connection that is used here."""

    transport: Transport
    failByDrop: bool  # noqa: N815
    """Whether a client that breaks the protocol is cut off instead of told so."""
    maxFramePayloadSize: int  # noqa: N815
    maxMessagePayloadSize: int  # noqa: N815

    onPing: Callable[[bytes], None]  # noqa: N815

    def sendPong(self, payload: bytes) -> None: ...  # noqa: N802
    def sendPreparedMessage(self, preparedMsg: Frame) -> None: ...  # noqa: N802, N803


def frame(message: ServerMessage) -> Frame:
    """Encode a message, once for all who get it."""
    return PreparedMessage(encoded(message), isBinary=False, applyMask=False, doNotCompress=True)


class ClientSocket:
    """Sends frames in order, at once where the client keeps up."""

    def __init__(self, send: Any) -> None:
        # daphne.server.Server.create_application: partial(handle_reply, protocol)
        self._protocol: WebSocketProtocol = send.args[0]
        self._waiting: deque[Frame] = deque(maxlen=WAITING_FRAMES)
        self._is_full = False
        self._unanswered: bytes | None = None
        self._protocol.onPing = self._answer_ping
        self._protocol.maxFramePayloadSize = self._protocol.maxMessagePayloadSize = MAX_CLIENT_BYTES
        self._protocol.failByDrop = False
        # The producer until now is the HTTP channel that the connection began as.
        self._protocol.transport.unregisterProducer()
        self._protocol.transport.registerProducer(self, True)

    def send(self, prepared: Frame) -> None:
        """Send a frame, or let it wait; the oldest that waits gives way."""
        if not self._is_full:
            self._protocol.sendPreparedMessage(prepared)
            return
        if len(self._waiting) == WAITING_FRAMES:
            DROPPED.inc()
        self._waiting.append(prepared)

    def send_last(self, prepared: Frame) -> None:
        """Send a frame before the connection is closed, in place of all that waits."""
        self._waiting.clear()
        self._protocol.sendPreparedMessage(prepared)

    def stop_reading(self) -> None:
        """Leave what the client says in the network until `go_on_reading`."""
        self._protocol.transport.pauseProducing()

    def go_on_reading(self) -> None:
        self._protocol.transport.resumeProducing()

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
            self._protocol.sendPreparedMessage(self._waiting.popleft())

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """The connection is lost."""
        self._is_full = True
        self._waiting.clear()

    def _answer_ping(self, payload: bytes) -> None:
        """Answer a ping; of those that come while the client does not read, the newest (RFC 6455, section 5.5.3)."""
        if self._is_full:
            self._unanswered = payload
        else:
            self._protocol.sendPong(payload)

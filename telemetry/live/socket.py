"""One client's socket, whatever the server is: what it cannot take now waits, and the oldest of that is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from telemetry.live.daphne_socket import DaphneSocket, protocol_of
from telemetry.live.frames import Frame, WaitingFrames

LAST_SECONDS = 5.0

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class ClientSocket(Protocol):
    """Sends frames in order, at once where the client keeps up."""

    def send(self, prepared: Frame) -> None:
        """Send a frame, or let it wait; the oldest that waits gives way."""

    async def send_last(self, prepared: Frame) -> None:
        """Send a frame before the connection is closed, in place of all that waits."""

    def stop_reading(self) -> None:
        """Leave what the client says in the network until `go_on_reading`, where the server can."""

    def go_on_reading(self) -> None: ...


def socket_of(send: Send) -> ClientSocket:
    """Return the socket behind an ASGI `send`: Daphne's own if that is the server, else whatever `send` is."""
    protocol = protocol_of(send)
    return DaphneSocket(protocol) if protocol else AsgiSocket(send)


class AsgiSocket:
    """Any server's. Its `send` waits while the client does not read, so a task for each client waits with it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting = WaitingFrames()
        self._sending: asyncio.Task[None] | None = None

    def send(self, prepared: Frame) -> None:
        self._waiting.append(prepared)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())

    async def send_last(self, prepared: Frame) -> None:
        self._waiting.clear()
        self.send(prepared)
        assert self._sending
        await asyncio.wait({self._sending}, timeout=LAST_SECONDS)

    def stop_reading(self) -> None:
        """Do nothing: ASGI has no way to say so."""

    def go_on_reading(self) -> None:
        """Do nothing."""

    async def _send_all(self) -> None:
        with suppress(OSError):  # the client has gone (ASGI 3.0, "Disconnected Client")
            while self._waiting:
                await self._send({"type": "websocket.send", "text": self._waiting.popleft().text.decode()})

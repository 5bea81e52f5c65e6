"""Two applications that daphne serves: one that speaks by turns in each way, and the site behind a `send` of no server.

`/known` and `/unknown` differ in whether the `send` is daphne's own.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from homelab_site.asgi import application as site
from telemetry.live.frames import frame
from telemetry.live.protocol import Code, Error
from telemetry.live.socket import Send, socket_of

TURNS = 200


async def by_turns(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Say whether a frame was written at once, then count by turns through the socket and through ASGI, and end."""
    await receive()
    await send({"type": "websocket.accept"})
    transport = send.args[0].transport
    socket = socket_of(send if scope["path"] == "/known" else unknown(send))
    while not is_idle(transport):  # the answer to the handshake
        await asyncio.sleep(0)
    socket.send(frame(Error("a frame", Code.INTERNAL_ERROR)))
    was_written = is_idle(transport)
    await send({"type": "websocket.send", "text": f"{type(socket).__name__} {was_written}"})
    for number in range(TURNS):
        socket.send(frame(Error(str(number), Code.INTERNAL_ERROR)))
        await send({"type": "websocket.send", "text": str(number)})
    await socket.send_last(frame(Error("the last one", Code.INTERNAL_ERROR)))
    await send({"type": "websocket.close", "code": 4500})


async def site_of_another_server(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    await site(scope, receive, unknown(send) if scope["type"] == "websocket" else send)


def is_idle(transport: Any) -> bool:
    return not (transport.dataBuffer or transport._tempDataLen)


def unknown(send: Any) -> Send:
    """Return a `send` that does what it should, and tells nothing of the server behind it."""

    async def hidden(message: Mapping[str, Any]) -> None:
        await send(message)

    return hidden

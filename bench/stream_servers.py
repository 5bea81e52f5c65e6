"""Two bare broadcast servers to measure ours by. Each sends on whatever comes by a Valkey channel, and asks nothing.

`daphne bench.stream_servers:application` and `python -m bench.stream_servers PORT`.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import redis.asyncio
from websockets.asyncio.server import ServerConnection, broadcast, serve

CHANNEL = "bench"
SUBSCRIBED = '{"type":"subscribed"}'

sends: set[Any] = set()
tasks: list[asyncio.Task[None]] = []


async def hear(hand_on: Callable[[str], Any]) -> None:
    async with redis.asyncio.Redis.from_url(os.environ["REDIS_URL"]).pubsub() as pubsub:
        await pubsub.subscribe(CHANNEL)
        async for message in pubsub.listen():
            if message["type"] == "message":
                await hand_on(message["data"].decode())


async def send_to_all(text: str) -> None:
    for send in list(sends):
        await send({"type": "websocket.send", "text": text})
    await asyncio.sleep(0)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """ASGI: a set of connections, and a loop of `send`."""
    if not tasks:
        tasks.append(asyncio.create_task(hear(send_to_all)))
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.send", "text": SUBSCRIBED})
    sends.add(send)
    while (await receive())["type"] != "websocket.disconnect":
        pass
    sends.discard(send)


async def serve_websockets(port: int) -> None:
    """`websockets.broadcast` to a set of connections."""
    connections: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(SUBSCRIBED)
        connections.add(connection)
        await connection.wait_closed()
        connections.discard(connection)

    async def broadcast_to_all(text: str) -> None:
        broadcast(connections, text)
        await asyncio.sleep(0)

    async with serve(handle, "127.0.0.1", port, compression=None):
        await hear(broadcast_to_all)


if __name__ == "__main__":
    asyncio.run(serve_websockets(int(sys.argv[1])))

"""Many WebSocket clients in a process of their own: `python -m bench.stream_clients PORT PATH CLIENTS FRAMES`.

Each reads frames from its socket by their length alone, so that the clients take less of the machine than the server
that they measure. Prints `ready`, and JSON once every client has its frames, or none has come for QUIET_SECONDS.
"""

import asyncio
import json
import resource
import sys
import time

QUIET_SECONDS = 10.0
SUBSCRIBE = b'{"type":"subscribe","streams":["energy"]}'
DIGITS = 19
"""A frame ends with the time at which it was sent, in nanoseconds of the system's monotonic clock, and two braces."""


class Tally:
    """What all clients together have heard."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.delays: list[int] = []
        self.first = 0.0
        self.last = time.monotonic()

    def add(self, delays: list[int]) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.delays += delays


class Client(asyncio.Protocol):
    """Shakes hands, subscribes, and takes frames apart (RFC 6455, section 5.2)."""

    def __init__(self, path: str, tally: Tally) -> None:
        self.subscribed = asyncio.get_running_loop().create_future()
        self._path = path
        self._tally = tally
        self._buffer = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._is_open = bool(end)
            if not end:
                self._buffer = head
                return
            # A mask of zeros leaves the payload as it is.
            self._transport.write(bytes((0x81, 0x80 | len(SUBSCRIBE), 0, 0, 0, 0)) + SUBSCRIBE)
        self._take_frames()

    def _take_frames(self) -> None:
        now, buffer, at, delays = time.monotonic_ns(), self._buffer, 0, []
        while at + 4 <= len(buffer):
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if start + length > len(buffer):
                break
            at = start + length
            if buffer[at - 2 : at] == b"}}":
                delays.append(now - int(buffer[at - 2 - DIGITS : at - 2]))
            elif not self.subscribed.done():
                self.subscribed.set_result(None)
        self._buffer = buffer[at:]
        if delays:
            self._tally.add(delays)


async def listen(port: int, path: str, clients: int, frames: int) -> dict[str, float]:
    loop, tally = asyncio.get_running_loop(), Tally(clients * frames)
    for _ in range(clients):
        _, client = await loop.create_connection(lambda: Client(path, tally), "127.0.0.1", port)
        await asyncio.wait_for(client.subscribed, 30)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    tally.last = time.monotonic()
    while len(tally.delays) < tally.frames and time.monotonic() - tally.last < QUIET_SECONDS:
        await asyncio.sleep(0.05)
    delays = sorted(tally.delays) or [0]
    return {
        "lost": tally.frames - len(tally.delays),
        "seconds": tally.last - tally.first,
        "p50_ms": delays[len(delays) // 2] / 1e6,
        "p99_ms": delays[len(delays) * 99 // 100] / 1e6,
    }


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    heard = asyncio.run(listen(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    sys.stdout.write(json.dumps(heard) + "\n")

"""Many WebSocket clients in a process of their own: `python -m bench.stream_clients PORT PATH CLIENTS FRAMES`.

They take frames from their sockets by their length alone, without an event loop, so that a frame costs the clients
less than the server that they measure. Prints `ready`, and JSON once every client has its frames, or none has come
for QUIET_SECONDS.
"""

import json
import resource
import selectors
import socket
import sys
import time

QUIET_SECONDS = 10.0
START_SECONDS = 30.0
SUBSCRIBE = b'{"type":"subscribe","streams":["energy"]}'
DIGITS = 19
"""A frame ends with the time at which it was sent, in nanoseconds of the system's monotonic clock, and two braces."""


class Client:
    """Shakes hands, subscribes, and takes frames apart (RFC 6455, section 5.2)."""

    def __init__(self, port: int, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), START_SECONDS)
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.socket.recv(65_536)
        _, _, self._buffer = self._buffer.partition(b"\r\n\r\n")

    def subscribe(self) -> None:
        # A mask of zeros leaves the payload as it is.
        self.socket.sendall(bytes((0x81, 0x80 | len(SUBSCRIBE), 0, 0, 0, 0)) + SUBSCRIBE)
        while not self._frames():
            self._buffer += self.socket.recv(65_536)
        self.socket.setblocking(False)

    def delays(self) -> list[int]:
        """Return how long each reading that the socket has was on its way, in nanoseconds."""
        self._buffer += self.socket.recv(262_144)
        now = time.monotonic_ns()
        return [now - int(frame[-2 - DIGITS : -2]) for frame in self._frames() if frame.endswith(b"}}")]

    def _frames(self) -> list[bytes]:
        buffer, at, found = self._buffer, 0, []
        while at + 4 <= len(buffer):
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if start + length > len(buffer):
                break
            at = start + length
            found.append(buffer[start:at])
        self._buffer = buffer[at:]
        return found


def listen(port: int, path: str, count: int, frames: int) -> dict[str, float]:
    delays: list[int] = []
    first = last = 0.0
    with selectors.DefaultSelector() as selector:
        for _ in range(count):
            client = Client(port, path)
            client.subscribe()
            selector.register(client.socket, selectors.EVENT_READ, client)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while len(delays) < count * frames and (ready := selector.select(QUIET_SECONDS)):
            for key, _ in ready:
                delays += key.data.delays()
            last = time.monotonic()
            first = first or last
    delays.sort()
    return {
        "lost": count * frames - len(delays),
        "seconds": last - first,
        "p50_ms": delays[len(delays) // 2] / 1e6,
        "p99_ms": delays[len(delays) * 99 // 100] / 1e6,
    }


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    heard = listen(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(json.dumps(heard) + "\n")

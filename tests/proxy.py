"""A TCP proxy that can cut, refuse, delay, stall and swallow what goes through it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHUNK_BYTES = 65_536
Rewrite = Callable[[bytes], bytes]


class Proxy:
    """Passes bytes both ways between a port of its own and a port of this machine, or a Unix socket.

    Its event loop has a thread of its own. `rewrite` changes what the server says, chunk by chunk.
    """

    def __init__(self, target: int | Path, rewrite: Rewrite = bytes) -> None:
        self._target = target
        self.rewrite = rewrite
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self.swallow = threading.Event()
        """While it is set, what the clients say does not reach the server."""
        self.refuses = False
        """Whether connections break off as soon as they are made."""
        self.delay = 0.0
        """Seconds that each chunk waits, in both directions."""
        self._stalls = 0
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break every connection that is open now."""
        self._run(self._cut())

    def stall(self) -> None:
        """Leave connections open, take new ones, and pass nothing on, until `flow`: a cable that was pulled."""
        self._run(self._count_stall(1))

    def flow(self) -> None:
        """End a stall; what waited goes on where nobody else stalls too."""
        self._run(self._count_stall(-1))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _count_stall(self, change: int) -> None:
        self._stalls += change
        if self._stalls:
            self._flows.clear()
        else:
            self._flows.set()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, sock=self._listener)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _connect(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self.refuses:
            to_client.transport.abort()
            return
        try:
            from_server, to_server = await self._reach()
        except OSError:
            to_client.transport.abort()
            return
        both = {to_client, to_server}
        self._open |= both
        ways = [
            asyncio.create_task(self._pass_on(from_client, to_server, self.swallow, bytes)),
            asyncio.create_task(self._pass_on(from_server, to_client, threading.Event(), self.rewrite)),
        ]
        # Where one way has ended, the other has nothing to say to anybody.
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self._open -= both
        for writer in both:
            writer.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection("127.0.0.1", self._target)

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, swallow: threading.Event, rewrite: Rewrite
    ) -> None:
        with suppress(OSError):  # a cut is what this proxy is for
            while data := await source.read(CHUNK_BYTES):
                await asyncio.sleep(self.delay)
                await self._flows.wait()
                if not swallow.is_set():
                    sink.write(rewrite(data))
                    await sink.drain()

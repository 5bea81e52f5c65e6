"""What a web process hears from the stream worker: one member of the channel layer's group, and a look at Valkey."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NoReturn

from channels.layers import get_channel_layer
from redis import RedisError

from homelab_site.workers.pauses import GrowingPauses
from telemetry.live.hub import Hub
from telemetry.live.newest import newest_known, reader
from telemetry.live.readings import GROUP, decode

log = logging.getLogger(__name__)

READY_SECONDS = 2.0
COMPARE_SECONDS = 5.0


class Feed:
    """Fills a hub, in tasks of its own that go on for as long as the process does."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._is_ready = asyncio.Event()
        self._tasks: list[asyncio.Task[NoReturn]] = []

    async def ready(self) -> None:
        """Start at the first call, and return when the newest readings are known, or cannot be asked for now."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(_for_ever(work)) for work in (self._receive, self._compare)]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_ready.wait(), READY_SECONDS)

    async def _receive(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        async with reader() as client:
            self._hub.start_with(await newest_known(client))
        self._is_ready.set()
        while True:
            # Once it is subscribed the layer comes back by itself; what was said while it was away is lost to it.
            message = await layer.receive(channel)
            for reading in decode(message["readings"]):
                self._hub.take(reading)
                # Let the sockets write: too much at once would look as if all clients were slow.
                await asyncio.sleep(0)

    async def _compare(self) -> None:
        await self._is_ready.wait()
        async with reader() as client:
            while True:
                self._hub.compare(await newest_known(client))
                await asyncio.sleep(COMPARE_SECONDS)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> NoReturn:
    """Begin again with growing pauses when Valkey is away."""
    pauses = GrowingPauses()
    while True:
        try:
            await work()
        except (RedisError, OSError) as error:
            pause = pauses.next()
            log.warning("live: %s: %s; next attempt in %.1f s", type(error).__name__, error, pause)
            await asyncio.sleep(pause)

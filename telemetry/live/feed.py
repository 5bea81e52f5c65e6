"""What a web process hears from the stream worker: one member of the channel layer's group, and a look at Valkey."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

from channels.layers import get_channel_layer
from redis import RedisError

from homelab_site.workers.pauses import GrowingPauses
from telemetry.live.hub import Hub
from telemetry.live.newest import newest_known, reader
from telemetry.live.readings import GROUP, decode, encode

log = logging.getLogger(__name__)

READY_SECONDS = 2.0
LOOK_SECONDS = 5.0
NEWEST = "newest"


class Feed:
    """Fills a hub, in a task of its own that goes on for as long as the process does."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._is_ready = asyncio.Event()
        self._task: asyncio.Task[NoReturn] | None = None

    async def ready(self) -> None:
        """Start at the first call, and return when the newest readings are known, or cannot be asked for now."""
        if self._task is None:
            self._task = asyncio.create_task(_for_ever(self._listen))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_ready.wait(), READY_SECONDS)

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        looking = asyncio.create_task(_for_ever(partial(self._look, layer, channel)))
        try:
            while True:
                # From here on the layer comes back by itself; what was said while it was away is lost to it.
                await self._take(await layer.receive(channel))
        finally:
            looking.cancel()

    async def _take(self, message: Mapping[str, Any]) -> None:
        readings = decode(message["readings"])
        if message["type"] == NEWEST:
            self._hub.compare(readings)
            self._is_ready.set()
            return
        for reading in readings:
            self._hub.take(reading)
            # Let the sockets write: too much at once would look as if all clients were slow.
            await asyncio.sleep(0)

    async def _look(self, layer: Any, channel: str) -> None:
        """Ask Valkey for the newest readings, now and every few seconds, and send them to this process's own channel.

        The worker publishes a reading before Valkey knows it, and what comes by the channel keeps its order. So
        whatever this process does not know by then was lost on its way.
        """
        async with reader() as client:
            while True:
                newest = await newest_known(client)
                await layer.send(channel, {"type": NEWEST, "readings": encode(newest)})
                await asyncio.sleep(LOOK_SECONDS)


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

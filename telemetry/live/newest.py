"""The newest reading of each device, kept in Valkey for web processes that have just started."""

from collections.abc import Iterable
from typing import cast

import redis
import redis.asyncio
from django.conf import settings

from telemetry.live.readings import LiveReading, decode, encode

KEY = "homelab:newest-readings"
SECONDS = 2.0


def writer() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


def reader() -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


def remember(client: redis.Redis, readings: Iterable[LiveReading]) -> None:
    """Keep readings, which come in the order of Kafka, each in its predecessor's place; raises `redis.RedisError`."""
    fields = {f"{reading.topic}:{reading.device_id}": encode([reading]) for reading in readings}
    if fields:
        client.hset(KEY, items=[part for field in fields.items() for part in field])


async def newest_known(client: redis.asyncio.Redis) -> list[LiveReading]:
    """Return what is kept, in the order of Kafka; raises `redis.RedisError`."""
    kept = cast("list[bytes]", await client.hvals(KEY))
    found = [reading for value in kept for reading in decode(value)]
    return sorted(found, key=lambda reading: reading.place)

"""The stream worker: Kafka in, the channel layer out.

Offsets are committed only after the readings were published. Whatever is killed in between, the same readings come
again, and the web processes know them by their offsets.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings
from kafka.errors import KafkaError
from redis import RedisError

from bridge.messages import Reason, Topic, decode_message
from homelab_site.workers.badness import BadShareWatch
from homelab_site.workers.batch import Batch, Record
from homelab_site.workers.group import GroupMember
from homelab_site.workers.metrics import MESSAGES_BAD, MESSAGES_OUT, MESSAGES_SKIPPED
from telemetry.live import newest
from telemetry.live.protocol import STREAM_OF
from telemetry.live.readings import GROUP as CHANNEL_GROUP
from telemetry.live.readings import LiveReading, encode

NAME = "stream"
GROUP = "energy-ws"
MAX_RECORDS = 200
LATE_SECONDS = 60.0
"""What has been in Kafka for longer is too late for whoever watches; it only counts as the newest known."""


class StreamWorker:
    """A member of the consumer group `energy-ws`."""

    name = NAME
    trouble: tuple[type[Exception], ...] = (RedisError, KafkaError, OSError)

    def __init__(self, member: GroupMember, bad_share_limit: float) -> None:
        self._member = member
        self._watch = BadShareWatch(NAME, bad_share_limit)
        self._newest = newest.writer()
        self._layer: Any = get_channel_layer()
        # One event loop for all steps, since the layer keeps its connections in the loop.
        self._runner = asyncio.Runner()

    def step(self) -> bool:
        """Take what Kafka has, publish it, and commit."""
        return self._member.work(self._flush, self.trouble)

    def close(self) -> None:
        """Leave the group; what was not published is read again at the next start."""
        self._member.close()
        self._newest.close()
        self._runner.close()

    def _flush(self) -> None:
        readings = self._readings(self._member.records)
        earliest = (time.time() - LATE_SECONDS) * 1000
        fresh = [reading for reading in readings if reading.written_at >= earliest]
        self._publish(fresh)
        # Only now, so that a web process that learns of a reading from Valkey knows that it was published.
        newest.remember(self._newest, readings)
        self._count(readings, fresh)
        self._member.commit()

    def _readings(self, records: Sequence[Record]) -> list[LiveReading]:
        readings = [reading for record in records if (reading := live_reading(record))]
        self._watch.count(messages=len(records), bad=len(records) - len(readings))
        return readings

    def _publish(self, readings: Sequence[LiveReading]) -> None:
        if readings:
            message = {"type": "readings", "readings": encode(readings)}
            self._runner.run(self._layer.group_send(CHANNEL_GROUP, message))

    def _count(self, readings: Sequence[LiveReading], fresh: Sequence[LiveReading]) -> None:
        for reading in fresh:
            MESSAGES_OUT.labels(NAME, STREAM_OF[reading.topic]).inc()
        MESSAGES_SKIPPED.labels(NAME, "late").inc(len(readings) - len(fresh))


def live_reading(record: Record) -> LiveReading | None:
    """Return what a record says, or None if that cannot be a frame: the sink makes a dead letter of it."""
    value = record.value or b""
    try:
        value.decode()
        message = decode_message(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        MESSAGES_BAD.labels(NAME, Reason.INVALID).inc()
        return None
    return LiveReading(
        topic=Topic(record.topic),
        partition=record.partition,
        offset=record.offset,
        written_at=record.timestamp,
        device_id=message.device_id,
        ts=message.ts,
        value=value,
    )


def make_worker() -> StreamWorker:
    """Build the stream worker of this house from the settings."""
    # What is taken is published at once.
    member = GroupMember(NAME, GROUP, [topic.value for topic in STREAM_OF], Batch(MAX_RECORDS, 0.0))
    return StreamWorker(member, settings.BAD_SHARE_LIMIT)

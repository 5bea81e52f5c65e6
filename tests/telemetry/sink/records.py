"""Records as the sink takes them from Kafka."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.messages import Topic

START = datetime(2026, 1, 1, tzinfo=UTC)
FIELD = {
    Topic.ENERGY: "active_power_total",
    Topic.HEATPUMP: "integral",
    Topic.TEMPERATURE_INDOOR: "temperature_c",
    Topic.TEMPERATURE_OUTDOOR: "temperature_c",
}
"""A column of each topic's table."""


@dataclass
class TakenRecord:
    """A record of any content; `timestamp` is in milliseconds since 1970."""

    topic: str
    offset: int
    value: bytes | None
    partition: int = 0
    timestamp: int = 1_767_225_600_000
    key: bytes | None = b"key"


def value(
    at: datetime | str = START,
    device: Any = "meter",
    tags: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a message's value, with members that need not be right."""
    ts = at if isinstance(at, str) else at.isoformat()
    content = {"ts": ts, "received_at": "2026-01-01T00:00:00Z", "device_id": device, "tags": tags or {}}
    return json.dumps({**content, "fields": {} if fields is None else fields}, ensure_ascii=False).encode()


def reading(number: int, *, topic: Topic = Topic.ENERGY, power: Any = 500, partition: int = 0) -> TakenRecord:
    """Return the record with a good reading of the second `number` at the offset `number`."""
    content = value(START + timedelta(seconds=number), fields={FIELD[topic]: power})
    return TakenRecord(topic, number, content, partition)


def record(content: bytes | None, *, topic: Topic = Topic.ENERGY, offset: int = 0) -> TakenRecord:
    return TakenRecord(topic, offset, content)

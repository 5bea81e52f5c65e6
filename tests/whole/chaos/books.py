"""What was published, how often it went out, and what the broker has acknowledged of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from bridge.mqtt import MqttAddress
from bridge.publisher import Publisher
from bridge.simulator.message import Kind


class Key(NamedTuple):
    """The primary key of a row."""

    table: str
    device: str
    time: datetime


@dataclass(slots=True, kw_only=True)
class Entry:
    """All publications of the same bytes to the same topic.

    `key` is that of the row that a reading with a time of its own becomes. `number` is in the payload of what the
    house publishes, and so in its row; readings of pumps have none. A message that was sent and not acknowledged
    went out again in the next session, and the broker may have it as often as it was `sent`.
    """

    kind: Kind
    key: Key | None = None
    number: int = 0
    sent: int = 0
    acknowledged: int = 0
    published_at: float = 0.0

    def acknowledge(self) -> None:
        self.acknowledged += 1


@dataclass(slots=True)
class Books:
    """The entries by topic and payload, oldest first. Each entry is changed by one thread only."""

    entries: dict[tuple[str, bytes], Entry] = field(default_factory=dict)

    def add(self, topic: str, payload: bytes, entry: Entry) -> Entry:
        return self.entries.setdefault((topic, payload), entry)

    def settled(self) -> bool:
        """Tell whether the broker has acknowledged everything."""
        return all(entry.acknowledged for entry in self.entries.values())


class RecordingPublisher(Publisher):
    """A publisher that keeps books. What nobody has entered is a reading of a pump, at the pump's own second."""

    def __init__(self, address: MqttAddress, name: str, *, books: Books, **options: Any) -> None:
        super().__init__(address, name, **options)
        self._books = books

    def publish(self, topic: str, payload: bytes, on_acknowledged: Callable[[], object] | None = None) -> None:
        entry = self._books.entries.get((topic, payload))
        if entry is None:
            entry = self._books.add(topic, payload, Entry(kind=Kind.READING, key=_key_of_pump(topic, payload)))
        entry.published_at = entry.published_at or time.time()
        super().publish(topic, payload, entry.acknowledge)

    def _send(self, sent: Any) -> None:
        self._books.entries[sent.topic, sent.payload].sent += 1
        super()._send(sent)


def _key_of_pump(topic: str, payload: bytes) -> Key:
    second = msgspec.json.decode(payload)["timestamp"]
    return Key("heatpump_status", topic.removesuffix("/data"), datetime.fromtimestamp(second, UTC))

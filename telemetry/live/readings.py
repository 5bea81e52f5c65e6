"""A reading between the stream worker and the web processes: its value, and its place in Kafka."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bridge.messages import Topic

GROUP = "readings"
"""The group of the channel layer that each web process is a member of, once."""


class LiveReading(msgspec.Struct, frozen=True, array_like=True):
    """A reading and its place. `written_at` is Kafka's time of the record, in milliseconds since 1970."""

    topic: Topic
    partition: int
    offset: int
    written_at: int
    device_id: str
    ts: datetime
    value: bytes

    @property
    def device_key(self) -> tuple[Topic, str]:
        return self.topic, self.device_id

    @property
    def partition_key(self) -> tuple[Topic, int]:
        return self.topic, self.partition

    @property
    def place(self) -> tuple[Topic, int, int]:
        return self.topic, self.partition, self.offset


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[LiveReading])


def encode(readings: Iterable[LiveReading]) -> bytes:
    return _encoder.encode(list(readings))


def decode(data: bytes) -> list[LiveReading]:
    """Read what `encode` made; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _decoder.decode(data)


@dataclass(frozen=True, slots=True)
class _Mark:
    offset: int
    written_at: int


class Marks:
    """How far something in Kafka, such as a partition, has been handed on, so that a repetition is known.

    A worker that was killed before it could commit publishes again what it has published. A Kafka that has lost its
    log counts from 0 again: a lower offset that was written later is no repetition.
    """

    def __init__(self) -> None:
        self._marks: dict[Hashable, _Mark] = {}

    def is_new(self, of: Hashable, reading: LiveReading) -> bool:
        mark = self._marks.get(of)
        return mark is None or reading.offset > mark.offset or reading.written_at > mark.written_at

    def move(self, of: Hashable, reading: LiveReading) -> None:
        """Note a reading that is new."""
        mark = self._marks.get(of)
        written_at = reading.written_at
        if mark and reading.offset > mark.offset:
            # Producers can have clocks of their own, so a record can seem older than the one before it.
            written_at = max(written_at, mark.written_at)
        self._marks[of] = _Mark(reading.offset, written_at)

"""What a worker has taken from Kafka and not committed yet."""

import time
from collections.abc import Iterable
from typing import Protocol

from kafka import TopicPartition


class Record(Protocol):
    """The part of a Kafka record that workers read. `timestamp` is in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Batch:
    """Records up to a number of rows or an age, whichever comes first; it carries its own offsets."""

    def __init__(self, max_rows: int, max_age_seconds: float) -> None:
        self.max_rows = max_rows
        self._max_age = max_age_seconds
        self._began = 0.0
        self.records: list[Record] = []

    def add(self, records: Iterable[Record]) -> None:
        if not self.records:
            self._began = time.monotonic()
        self.records.extend(records)

    def clear(self) -> None:
        self.records = []

    @property
    def room(self) -> int:
        return max(0, self.max_rows - len(self.records))

    def seconds_left(self) -> float:
        """Return how long the batch may still wait; 0 where it is due. An empty one is never due."""
        if not self.records:
            return float("inf")
        if self.room == 0:
            return 0.0
        return max(0.0, self._began + self._max_age - time.monotonic())

    def next_offsets(self) -> dict[TopicPartition, int]:
        """Return, for each partition, the offset after its last record."""
        return {TopicPartition(record.topic, record.partition): record.offset + 1 for record in self.records}

"""The sink: Kafka in, TimescaleDB out.

Offsets are committed only after the rows are, and after the dead letters are. Whatever is killed in between, the
same records come again, and storing them again changes nothing.
"""

import logging
import time
from collections.abc import Collection
from datetime import datetime

import django.db
import psycopg2
from django.conf import settings
from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import CommitFailedError, KafkaError

from bridge.messages import Reason, Topic
from homelab_site.kafka import new_consumer
from homelab_site.workers.badness import BadShareWatch
from homelab_site.workers.metrics import (
    BATCH_ROWS,
    LAG_MESSAGES,
    MESSAGES_BAD,
    MESSAGES_IN,
    MESSAGES_OUT,
    NEWEST_STORED,
)
from telemetry.deadletters import services as deadletters
from telemetry.sink.batch import Batch
from telemetry.sink.store import Store, Stored

log = logging.getLogger(__name__)

NAME = "sink"
GROUP = "redpanda-sink"
IDLE_SECONDS = 0.5
LAG_SECONDS = 5.0
CLOSE_MILLISECONDS = 2_000
JOIN_SECONDS = 3.0
REASONS = frozenset(reason.value for reason in Reason)


class SinkWorker:
    """A member of the consumer group `redpanda-sink`."""

    name = NAME
    trouble: tuple[type[Exception], ...] = (psycopg2.Error, django.db.Error, KafkaError, OSError)

    def __init__(self, store: Store, batch: Batch, max_rows: int, bad_share_limit: float) -> None:
        self._store = store
        self._batch = batch
        self._max_rows = max_rows
        self._watch = BadShareWatch(NAME, bad_share_limit)
        self._consumer: KafkaConsumer | None = None
        self._lag_due = 0.0
        self._newest: dict[str, datetime] = {}

    def step(self) -> bool:
        """Take records until the batch is full or old enough, then store it and commit."""
        try:
            if self._consumer is None:
                self._consumer = self._connect()
            if self._batch.seconds_left() > 0:
                self._take()
            if self._batch.seconds_left() > 0:
                return False
            self._flush()
        except KafkaError:
            self._drop_consumer()
            raise
        except self.trouble:
            self._keep_membership()
            raise
        return True

    def close(self) -> None:
        """Store what was taken; what cannot be stored now is read again at the next start."""
        try:
            if self._consumer and self._batch.records:
                self._flush()
        except self.trouble as error:
            log.warning("sink: %d records are left for the next start: %s", len(self._batch.records), error)
        self._finish_joining()
        self._drop_consumer()
        self._store.close()

    def _connect(self) -> KafkaConsumer:
        consumer = new_consumer((), GROUP, max_poll_records=self._max_rows)
        consumer.subscribe([topic.value for topic in Topic], listener=_GiveBackOnRevoke(consumer, self._batch))
        return consumer

    def _finish_joining(self) -> None:
        """Wait for an assignment before leaving.

        The broker of the one-machine stack never forms a group again whose only member left while it was joining.
        """
        deadline = time.monotonic() + JOIN_SECONDS
        while self._consumer and not self._consumer.assignment() and time.monotonic() < deadline:
            try:
                self._consumer.poll(timeout_ms=100, max_records=1)
            except KafkaError as error:
                log.info("sink: left while joining its group: %s", error)
                return

    def _drop_consumer(self) -> None:
        """Leave the group. What is not committed is read again, so the batch is forgotten."""
        self._batch.clear()
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)
            self._consumer = None

    def _take(self) -> None:
        assert self._consumer
        wait = min(self._batch.seconds_left(), IDLE_SECONDS)
        polled = self._consumer.poll(timeout_ms=wait * 1000, max_records=self._batch.room)
        for partition, records in polled.items():
            self._batch.add(records)
            MESSAGES_IN.labels(NAME, partition.topic).inc(len(records))
        self._measure_lag()

    def _flush(self) -> None:
        assert self._consumer
        stored = self._store.write(self._batch.records)
        if stored.dead:
            deadletters.record(stored.dead)
        try:
            self._consumer.commit(
                {
                    partition: OffsetAndMetadata(offset, "", -1)
                    for partition, offset in self._batch.next_offsets().items()
                }
            )
        except CommitFailedError:
            # The group has given the partitions to somebody else, who stores the same rows once more.
            log.info("sink: the group was rebalanced before a commit")
        self._count(stored)
        self._batch.clear()

    def _count(self, stored: Stored) -> None:
        size = len(self._batch.records)
        BATCH_ROWS.labels(NAME).observe(size)
        self._watch.count(messages=size, bad=len(stored.dead))
        for topic, rows in stored.rows.items():
            MESSAGES_OUT.labels(NAME, topic).inc(rows)
            self._newest[topic] = max(stored.newest[topic], self._newest.get(topic, stored.newest[topic]))
            NEWEST_STORED.labels(topic).set(self._newest[topic].timestamp())
        for letter in stored.dead:
            # A letter of the bridge's comes from a topic, where anybody can write any reason.
            MESSAGES_BAD.labels(NAME, letter.reason if letter.reason in REASONS else "other").inc()

    def _keep_membership(self) -> None:
        """Show the group a sign of life while the database is away, without taking more."""
        if self._consumer is None:
            return
        self._consumer.pause(*self._consumer.assignment())
        try:
            # Partitions that a rebalance brings meanwhile are not paused, so there can be records.
            for records in self._consumer.poll(timeout_ms=0).values():
                self._batch.add(records)
        finally:
            self._consumer.resume(*self._consumer.paused())

    def _measure_lag(self) -> None:
        assert self._consumer
        if time.monotonic() < self._lag_due:
            return
        self._lag_due = time.monotonic() + LAG_SECONDS
        for partition in self._consumer.assignment():
            highwater = self._consumer.highwater(partition)
            if highwater is not None:
                lag = highwater - self._consumer.position(partition)
                LAG_MESSAGES.labels(NAME, partition.topic).set(max(0, lag))


class _GiveBackOnRevoke(ConsumerRebalanceListener):  # type: ignore[misc] # the library is not typed
    """What was taken and is not stored is for whoever has its partition after a rebalance to take."""

    def __init__(self, consumer: KafkaConsumer, batch: Batch) -> None:
        self._consumer = consumer
        self._batch = batch

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Go back to the first record that is not stored: a partition that stays here keeps its position."""
        for partition, offset in self._batch.first_offsets().items():
            self._consumer.seek(partition, offset)
        self._batch.clear()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Nothing to do: positions come from the committed offsets."""


def make_worker() -> SinkWorker:
    """Build the sink of this house from the settings."""
    batch = Batch(settings.SINK_BATCH_ROWS, settings.SINK_BATCH_MILLISECONDS / 1000)
    return SinkWorker(Store(settings.TELEMETRY_SINK_URL), batch, settings.SINK_BATCH_ROWS, settings.BAD_SHARE_LIMIT)

"""Reading from Kafka as a member of a consumer group, written once for all workers that do.

Offsets are committed only when the worker says so. Whatever is killed before that, the same records come again.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import CommitFailedError, KafkaError

from homelab_site.kafka import new_consumer
from homelab_site.workers.batch import Batch, Record
from homelab_site.workers.metrics import COMMITTED, LAG_MESSAGES, MESSAGES_IN

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
LAG_SECONDS = 5.0
CLOSE_MILLISECONDS = 2_000
JOIN_SECONDS = 3.0


class GroupMember:
    """A worker's membership in a group, with the records that it has taken and not committed."""

    def __init__(self, worker: str, group: str, topics: Sequence[str], batch: Batch) -> None:
        self._worker = worker
        self._group = group
        self._topics = list(topics)
        self._batch = batch
        self._consumer: KafkaConsumer | None = None
        self._unplaced: set[TopicPartition] = set()
        self._lag_due = 0.0

    @property
    def records(self) -> list[Record]:
        """What was taken and is not committed."""
        return self._batch.records

    @property
    def assignment(self) -> set[TopicPartition]:
        """The partitions that the group has given to this member."""
        return set(self._consumer.assignment()) if self._consumer else set()

    def work(self, on_batch: Callable[[], None], trouble: tuple[type[Exception], ...]) -> bool:
        """Take records for half a second at most, and work on the batch once it is full or old enough.

        Return whether it was. While Kafka is away the membership is given up; in trouble of another kind it is kept.
        Either is raised.
        """
        try:
            if not self._fill():
                return False
            on_batch()
        except KafkaError:
            self.leave()
            raise
        except trouble:
            self._keep_membership()
            raise
        return True

    def _fill(self) -> bool:
        if self._consumer is None:
            self._consumer = self._connect()
        if self._batch.seconds_left() > 0:
            self._take(self._consumer)
        return self._batch.seconds_left() <= 0

    def commit(self) -> None:
        """Commit the offsets of the batch, and forget it."""
        assert self._consumer
        try:
            self._consumer.commit(
                {
                    partition: OffsetAndMetadata(offset, "", -1)
                    for partition, offset in self._batch.next_offsets().items()
                }
            )
            COMMITTED.labels(self._worker).set_to_current_time()
        except CommitFailedError:
            # The group has given the partitions to somebody else, who does the same work once more.
            log.info("%s: the group was rebalanced before a commit", self._worker)
        self._batch.clear()

    def _keep_membership(self) -> None:
        """Show the group a sign of life while something else is away, without taking more."""
        if self._consumer is None:
            return
        self._consumer.pause(*self._consumer.assignment())
        try:
            # Partitions that a rebalance brings meanwhile are held back, so there are no records.
            self._consumer.poll(timeout_ms=0)
            self._place(self._consumer)
        except KafkaError:
            self.leave()
            raise
        self._consumer.resume(*self._consumer.paused())

    def leave(self) -> None:
        """Leave the group. What is not committed is read again, so the batch is forgotten."""
        self._batch.clear()
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)
            self._consumer = None

    def close(self) -> None:
        """Leave for good, after an assignment.

        The broker of the one-machine stack never forms a group again whose only member left while it was joining.
        """
        deadline = time.monotonic() + JOIN_SECONDS
        try:
            while self._consumer and not self._consumer.assignment() and time.monotonic() < deadline:
                self._consumer.poll(timeout_ms=100, max_records=1)
        except KafkaError as error:
            log.info("%s: left while joining its group: %s", self._worker, error)
        self.leave()

    def _connect(self) -> KafkaConsumer:
        consumer = new_consumer((), self._group, max_poll_records=self._batch.max_rows)
        self._unplaced.clear()
        consumer.subscribe(self._topics, listener=_Rebalance(consumer, self._batch, self._unplaced))
        return consumer

    def _take(self, consumer: KafkaConsumer) -> None:
        wait = min(self._batch.seconds_left(), IDLE_SECONDS)
        polled = consumer.poll(timeout_ms=wait * 1000, max_records=self._batch.room)
        for partition, records in polled.items():
            self._batch.add(records)
            MESSAGES_IN.labels(self._worker, partition.topic).inc(len(records))
        self._place(consumer)
        self._measure_lag(consumer)

    def _place(self, consumer: KafkaConsumer) -> None:
        """Let the partitions of a rebalance begin at their committed offsets; at the beginning where there is none.

        The client keeps the position of a partition that stays. That is wrong for what was taken and is not
        committed, and where Kafka came back empty: what is new below that position would never be read.
        """
        for partition in self._unplaced:
            offset = consumer.committed(partition)
            if offset is None:
                consumer.seek_to_beginning(partition)
            else:
                consumer.seek(partition, offset)
        consumer.resume(*self._unplaced)
        self._unplaced.clear()

    def _measure_lag(self, consumer: KafkaConsumer) -> None:
        if time.monotonic() < self._lag_due:
            return
        self._lag_due = time.monotonic() + LAG_SECONDS
        for partition in consumer.assignment():
            highwater = consumer.highwater(partition)
            if highwater is not None:
                lag = highwater - consumer.position(partition)
                LAG_MESSAGES.labels(self._worker, partition.topic).set(max(0, lag))


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc] # the library is not typed
    """Says which partitions are to be placed anew; it runs in the client's loop, where it must not wait for answers."""

    def __init__(self, consumer: KafkaConsumer, batch: Batch, unplaced: set[TopicPartition]) -> None:
        self._consumer = consumer
        self._batch = batch
        self._unplaced = unplaced

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """What was taken and is not committed is for whoever has its partition next."""
        self._batch.clear()
        self._unplaced.clear()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Hold the partitions back until they are placed."""
        self._unplaced.update(assigned)
        self._consumer.pause(*assigned)

"""The sink: Kafka in, TimescaleDB out.

Offsets are committed only after the rows are, and after the dead letters are. Whatever is killed in between, the
same records come again, and storing them again changes nothing.
"""

import logging
from datetime import datetime

import django.db
import psycopg2
from django.conf import settings
from kafka.errors import KafkaError

from bridge.messages import Reason, Topic
from homelab_site.workers.badness import BadShareWatch
from homelab_site.workers.batch import Batch
from homelab_site.workers.group import GroupMember
from homelab_site.workers.metrics import BATCH_ROWS, MESSAGES_BAD, MESSAGES_OUT, NEWEST_STORED
from telemetry.deadletters import services as deadletters
from telemetry.deadletters.bound import Bound
from telemetry.sink.store import Store, Stored

log = logging.getLogger(__name__)

NAME = "sink"
GROUP = "redpanda-sink"
REASONS = frozenset(reason.value for reason in Reason)


class SinkWorker:
    """A member of the consumer group `redpanda-sink`."""

    name = NAME
    trouble: tuple[type[Exception], ...] = (psycopg2.Error, django.db.Error, KafkaError, OSError)

    def __init__(self, store: Store, member: GroupMember, bad_share_limit: float) -> None:
        self._store = store
        self._member = member
        self._watch = BadShareWatch(NAME, bad_share_limit)
        self._bound = Bound()
        self._newest: dict[str, datetime] = {}

    def step(self) -> bool:
        """Take records until the batch is full or old enough, then store it and commit."""
        return self._member.work(self._flush, self.trouble)

    def close(self) -> None:
        """Store what was taken; what cannot be stored now is read again at the next start."""
        try:
            if self._member.records:
                self._flush()
        except self.trouble as error:
            log.warning("sink: %d records are left for the next start: %s", len(self._member.records), error)
        self._member.close()
        self._store.close()

    def _flush(self) -> None:
        size = len(self._member.records)
        stored = self._store.write(self._member.records)
        if stored.dead:
            deadletters.record(stored.dead)
            self._bound.keep(stored.dead)
        self._member.commit()
        self._count(size, stored)

    def _count(self, size: int, stored: Stored) -> None:
        BATCH_ROWS.labels(NAME).observe(size)
        self._watch.count(messages=size, bad=len(stored.dead))
        for topic, rows in stored.rows.items():
            MESSAGES_OUT.labels(NAME, topic).inc(rows)
            self._newest[topic] = max(stored.newest[topic], self._newest.get(topic, stored.newest[topic]))
            NEWEST_STORED.labels(topic).set(self._newest[topic].timestamp())
        for letter in stored.dead:
            # A letter of the bridge's comes from a topic, where anybody can write any reason.
            MESSAGES_BAD.labels(NAME, letter.reason if letter.reason in REASONS else "other").inc()


def make_worker() -> SinkWorker:
    """Build the sink of this house from the settings."""
    batch = Batch(settings.SINK_BATCH_ROWS, settings.SINK_BATCH_MILLISECONDS / 1000)
    member = GroupMember(NAME, GROUP, [topic.value for topic in Topic], batch)
    return SinkWorker(Store(settings.TELEMETRY_SINK_URL), member, settings.BAD_SHARE_LIMIT)

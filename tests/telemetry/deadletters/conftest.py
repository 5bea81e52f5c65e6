"""What Kafka holds, and the people who look at dead letters."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from kafka import KafkaConsumer, TopicPartition

from bridge.messages import Topic
from homelab_site.kafka import new_consumer
from homelab_site.stack.child import free_port
from tests.waiting import eventually


class Tail:
    """What comes to a topic from now on, as (key, value)."""

    def __init__(self, topic: Topic) -> None:
        self._consumer: KafkaConsumer = new_consumer((), uuid.uuid4().hex, max_poll_records=100)
        self._partition = TopicPartition(topic.value, 0)
        self._read: list[tuple[bytes | None, bytes]] = []
        self._consumer.assign([self._partition])
        self._consumer.seek_to_end(self._partition)
        # The broker's end can lie inside its last batch, so what is left of that is read and forgotten.
        eventually(self._is_at_the_end)
        self._read.clear()

    def read(self, count: int) -> list[tuple[bytes | None, bytes]]:
        """Return all messages that came, once there are at least so many."""
        eventually(lambda: self._poll() >= count)
        return self._read

    def close(self) -> None:
        self._consumer.close(autocommit=False)

    def _is_at_the_end(self) -> bool:
        self._poll()
        return bool(self._consumer.highwater(self._partition) == self._consumer.position(self._partition))

    def _poll(self) -> int:
        for records in self._consumer.poll(timeout_ms=100).values():
            self._read.extend((record.key, record.value) for record in records)
        return len(self._read)


@pytest.fixture
def energy_topic(django_db_setup: None) -> Iterator[Tail]:
    tail = Tail(Topic.ENERGY)
    yield tail
    tail.close()


@pytest.fixture
def no_kafka(settings: Any) -> None:
    """Kafka is where nothing listens."""
    settings.KAFKA_BROKERS = [f"127.0.0.1:{free_port()}"]


@pytest.fixture
def alice(transactional_db: None) -> User:
    """Alice runs the house's system."""
    return User.objects.create_superuser("alice", password="alice-s-secret")

from collections.abc import Iterator
from contextlib import closing

import pytest
from django.test import override_settings
from kafka import OffsetAndMetadata, TopicPartition

from bridge.messages import Topic
from homelab_site.kafka import new_admin, new_producer
from homelab_site.stack.services import Kafka
from telemetry.sink.worker import GROUP
from telemetry.status.lag import lag_by_topic
from tests.pipeline import Pipeline
from tests.waiting import eventually

ENERGY = TopicPartition(Topic.ENERGY.value, 0)


@pytest.fixture
def kafka(pipeline: Pipeline) -> Iterator[Kafka]:
    """A broker of the test's own, since the others' messages would wait as well."""
    with override_settings(KAFKA_BROKERS=[pipeline.environment["KAFKA_BROKERS"]]):
        yield pipeline.kafka


def send(count: int) -> None:
    """Send messages one by one, since the broker's end is exact only after a batch of one."""
    with closing(new_producer()) as producer:
        for _ in range(count):
            producer.send(Topic.ENERGY.value, b"not a reading").get(10)


def commit(offset: int) -> None:
    with closing(new_admin()) as admin:
        admin.alter_group_offsets(GROUP, {ENERGY: OffsetAndMetadata(offset, "", -1)})


def test_what_the_sink_has_never_read_is_waiting(kafka: Kafka) -> None:
    send(3)
    assert lag_by_topic() == {**dict.fromkeys((topic.value for topic in Topic), 0), Topic.ENERGY.value: 3}


def test_what_lies_behind_the_committed_offset_is_waiting(kafka: Kafka) -> None:
    send(3)
    commit(2)
    assert lag_by_topic()[Topic.ENERGY] == 1


def test_a_broker_that_lost_its_messages_has_none_waiting_not_less(kafka: Kafka) -> None:
    commit(1_000)
    assert lag_by_topic()[Topic.ENERGY] == 0


def test_a_topic_that_does_not_exist_is_left_out(kafka: Kafka) -> None:
    kafka.kill()
    kafka.start()
    assert lag_by_topic() == {}


def test_nothing_waits_once_the_sink_has_read_it(kafka: Kafka, pipeline: Pipeline) -> None:
    send(3)
    pipeline.run("sink")
    eventually(lambda: lag_by_topic()[Topic.ENERGY] == 0)

"""The sink between a real Kafka and a real PostgreSQL, stepped by hand."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import django.db
import psycopg2
import pytest
from django.conf import settings as site_settings
from django.db import connection
from kafka import TopicPartition
from kafka.errors import KafkaError
from prometheus_client import REGISTRY

from bridge.messages import RETENTION, Topic
from homelab_site.kafka import close_producer, make_topic, new_admin, new_producer
from homelab_site.stack.child import free_port
from homelab_site.stack.services import Kafka
from homelab_site.workers import badness
from homelab_site.workers.batch import Batch
from homelab_site.workers.group import GroupMember
from telemetry.deadletters.models import DeadLetter
from telemetry.schema.runner import Connection
from telemetry.sink.store import Store
from telemetry.sink.worker import GROUP, SinkWorker
from tests.away import databases_at
from tests.telemetry.sink.records import START, value
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 0.0
IN_A_WHILE = 3.0
MAX_ROWS = 100


def make_topics() -> None:
    with closing(new_admin()) as admin:
        for topic, retention in RETENTION.items():
            make_topic(admin, topic.value, retention)


@pytest.fixture
def kafka(tmp_path: Path, settings: Any) -> Iterator[Kafka]:
    """A Kafka of the test's own, with two partitions for each topic."""
    broker = Kafka(tmp_path / "kafka")
    broker.start()
    settings.KAFKA_BROKERS = [broker.environment()["KAFKA_BROKERS"]]
    settings.KAFKA_PARTITIONS = 2
    make_topics()
    yield broker
    broker.stop()


@pytest.fixture
def make_sink(telemetry: Connection, kafka: Kafka) -> Iterator[Callable[[float], SinkWorker]]:
    made: list[SinkWorker] = []

    def make(max_age_seconds: float = AT_ONCE) -> SinkWorker:
        member = GroupMember("sink", GROUP, [topic.value for topic in Topic], Batch(MAX_ROWS, max_age_seconds))
        made.append(SinkWorker(Store(site_settings.TELEMETRY_SINK_URL), member, bad_share_limit=0.5))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


def produce(*values: bytes) -> None:
    """Send values to the energy topic, spread over its partitions."""
    producer = new_producer()
    for number, content in enumerate(values):
        producer.send(Topic.ENERGY.value, value=content, partition=number % 2).get(10)
    close_producer(producer)


def produce_readings(count: int, first: int = 0) -> None:
    produce(*(value(START + timedelta(seconds=n), fields={"wifi_rssi": n}) for n in range(first, first + count)))


def committed() -> dict[int, int]:
    """Return the committed offset of each partition of the energy topic that has one."""
    partitions = [TopicPartition(Topic.ENERGY.value, number) for number in range(2)]
    with closing(new_admin()) as admin:
        offsets = admin.list_group_offsets({GROUP: partitions})[GROUP]
    return {part.partition: offset.offset for part, offset in offsets.items() if offset.offset > 0}


def stored(telemetry: Connection) -> list[int]:
    with telemetry.cursor() as cursor:
        cursor.execute("SELECT wifi_rssi FROM energy_consumption ORDER BY time")
        return [row[0] for row in cursor.fetchall()]


def step_until(sink: SinkWorker, condition: Callable[[], object]) -> None:
    eventually(lambda: condition() or (sink.step(), condition())[1])


def step_into_trouble(sink: SinkWorker, trouble: type[Exception]) -> None:
    """Step until the sink says that something is away."""
    with pytest.raises(trouble):
        eventually(lambda: sink.step() and False)


@contextmanager
def refusing_the_sink(telemetry: Connection) -> Iterator[None]:
    """Let the database accept no connection of the sink's login."""
    with telemetry.cursor() as cursor:
        cursor.execute("ALTER ROLE homelab_sink NOLOGIN")
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'homelab_sink'")
        try:
            yield
        finally:
            cursor.execute("ALTER ROLE homelab_sink LOGIN")


@contextmanager
def stepping(sink: SinkWorker) -> Iterator[None]:
    """Step a sink in a thread of its own, as its process would."""
    stop, defects = threading.Event(), []

    def run() -> None:
        try:
            while not stop.is_set():
                try:
                    sink.step()
                except sink.trouble:
                    stop.wait(0.1)
        except Exception as error:  # noqa: BLE001 - for the test to raise
            defects.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert defects == []
    assert not thread.is_alive()


def shares_the_topics(sink: SinkWorker) -> bool:
    return len(sink._member.assignment) == len(Topic)


Make = Callable[..., SinkWorker]


def test_rows_are_stored_and_their_offsets_committed(make_sink: Make, telemetry: Connection) -> None:
    produce_readings(10)
    sink = make_sink()
    step_until(sink, lambda: len(stored(telemetry)) == 10)
    assert committed() == {0: 5, 1: 5}


def test_what_was_committed_is_not_read_again(make_sink: Make, telemetry: Connection) -> None:
    produce_readings(4)
    first = make_sink()
    step_until(first, lambda: len(stored(telemetry)) == 4)
    first.close()
    with telemetry.cursor() as cursor:
        cursor.execute("DELETE FROM energy_consumption WHERE wifi_rssi < 2")

    produce_readings(2, first=4)
    second = make_sink()
    step_until(second, lambda: len(committed()) == 2 and sum(committed().values()) == 6)

    assert stored(telemetry) == [2, 3, 4, 5]


def test_nothing_is_committed_or_taken_while_the_database_is_away(make_sink: Make, telemetry: Connection) -> None:
    produce_readings(4)
    sink = make_sink()
    with refusing_the_sink(telemetry):
        step_into_trouble(sink, psycopg2.OperationalError)
        held = len(sink._member.records)
        produce_readings(MAX_ROWS, first=4)
        for _ in range(3):
            step_into_trouble(sink, psycopg2.OperationalError)
        assert len(sink._member.records) == held
        assert committed() == {}

    step_until(sink, lambda: len(stored(telemetry)) == MAX_ROWS + 4)
    assert sum(committed().values()) == MAX_ROWS + 4


def test_nothing_is_committed_before_the_dead_letters_are_kept(make_sink: Make, telemetry: Connection) -> None:
    produce(value(fields={"wifi_rssi": 1}), b"not JSON")
    sink = make_sink(0.5)
    with databases_at(f"postgresql://house@127.0.0.1:{free_port()}/homelab", "default"):
        connection.close()
        step_into_trouble(sink, django.db.OperationalError)
        assert committed() == {}

    step_until(sink, committed)
    assert stored(telemetry) == [1]
    assert DeadLetter.objects.count() == 1


def test_a_rebalance_while_records_are_held_loses_none(make_sink: Make, telemetry: Connection) -> None:
    produce_readings(50)
    sink, other = make_sink(IN_A_WHILE), make_sink()
    step_until(sink, lambda: len(sink._member.records) == 50)

    with stepping(other):
        step_until(sink, lambda: shares_the_topics(sink) and shares_the_topics(other))
        produce_readings(10, first=50)
        step_until(sink, lambda: len(stored(telemetry)) == 60)

    assert stored(telemetry) == list(range(60))


def test_a_rebalance_while_the_database_is_away_loses_none(make_sink: Make, telemetry: Connection) -> None:
    produce_readings(50)
    sink, other = make_sink(), make_sink()
    with refusing_the_sink(telemetry):
        step_into_trouble(sink, psycopg2.OperationalError)
        with stepping(sink), stepping(other):
            eventually(lambda: shares_the_topics(sink) and shares_the_topics(other))

    produce_readings(10, first=50)
    with stepping(sink), stepping(other):
        eventually(lambda: len(stored(telemetry)) == 60)


def test_the_end_stores_what_was_taken(make_sink: Make, telemetry: Connection) -> None:
    produce_readings(6)
    sink = make_sink(60.0)
    step_until(sink, lambda: len(sink._member.records) == 6)
    assert stored(telemetry) == []
    sink.close()
    assert len(stored(telemetry)) == 6
    assert sum(committed().values()) == 6


def test_what_cannot_be_stored_at_the_end_is_left_for_the_next_start(
    make_sink: Make, telemetry: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    produce_readings(6)
    sink = make_sink(60.0)
    step_until(sink, lambda: len(sink._member.records) == 6)
    with refusing_the_sink(telemetry):
        sink.close()
    assert "sink: 6 records are left for the next start" in caplog.text
    assert committed() == {}

    step_until(make_sink(), lambda: len(stored(telemetry)) == 6)


def test_a_kafka_that_comes_back_empty_is_read_from_its_beginning(
    make_sink: Make, telemetry: Connection, kafka: Kafka
) -> None:
    produce_readings(4)
    sink = make_sink()
    step_until(sink, lambda: len(stored(telemetry)) == 4)
    kafka.kill()
    kafka.start()
    make_topics()
    produce_readings(2, first=4)
    with stepping(sink):
        eventually(lambda: len(stored(telemetry)) == 6, 90)


def test_a_partition_that_stays_after_a_rebalance_begins_at_its_committed_offset(
    make_sink: Make, telemetry: Connection
) -> None:
    """Where Kafka came back empty, the position that the client keeps is above all that is new."""
    produce_readings(4)
    sink, other = make_sink(), make_sink()
    step_until(sink, lambda: len(stored(telemetry)) == 4)
    consumer = sink._member._consumer
    assert consumer
    for partition in consumer.assignment():
        consumer.seek(partition, 1000)
    with stepping(sink), stepping(other):
        eventually(lambda: shares_the_topics(sink) and shares_the_topics(other))
        produce_readings(4, first=4)
        eventually(lambda: len(stored(telemetry)) == 8)


def test_a_kafka_that_is_away_is_trouble(make_sink: Make, settings: Any) -> None:
    settings.KAFKA_BROKERS = [f"127.0.0.1:{free_port()}"]
    sink = make_sink()
    with pytest.raises((KafkaError, OSError)):
        sink.step()


def test_the_age_of_the_newest_reading_does_not_grow_with_a_replay(make_sink: Make, telemetry: Connection) -> None:
    def newest() -> float | None:
        return REGISTRY.get_sample_value("homelab_newest_stored_timestamp_seconds", {"topic": Topic.ENERGY.value})

    sink = make_sink()
    produce_readings(2, first=100)
    step_until(sink, lambda: len(stored(telemetry)) == 2)
    assert newest() == (START + timedelta(seconds=101)).timestamp()
    produce_readings(2)
    step_until(sink, lambda: len(stored(telemetry)) == 4)
    assert newest() == (START + timedelta(seconds=101)).timestamp()


def test_the_time_of_the_last_commit_is_said(make_sink: Make, telemetry: Connection) -> None:
    def committed_at() -> float:
        return REGISTRY.get_sample_value("homelab_committed_timestamp_seconds", {"worker": "sink"}) or 0

    before = time.time()
    sink = make_sink()
    produce_readings(1)
    step_until(sink, lambda: len(stored(telemetry)) == 1)
    assert before <= committed_at() <= time.time()


def test_a_minute_of_bad_messages_is_said_loudly(
    make_sink: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(badness, "WINDOW_SECONDS", 0.0)
    produce(b"not JSON", b"neither", b"nor this")
    step_until(make_sink(), lambda: DeadLetter.objects.count() == 3)
    assert "messages in the last minute were bad" in caplog.text

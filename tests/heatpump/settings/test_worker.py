"""The settings worker between a real Kafka and a real PostgreSQL, stepped by hand."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django.db
import msgspec
import pytest
from django.db import connection
from kafka import TopicPartition

from bridge.messages import RETENTION, Topic
from heatpump.settings.models import Setting
from heatpump.settings.worker import GROUP, SettingsWorker, make_worker
from homelab_site.kafka import close_producer, make_topic, new_admin, new_producer
from homelab_site.stack.child import free_port
from homelab_site.stack.services import Kafka
from tests.away import databases_at
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kafka(tmp_path: Path, settings: Any) -> Iterator[Kafka]:
    broker = Kafka(tmp_path / "kafka")
    broker.start()
    settings.KAFKA_BROKERS = [broker.environment()["KAFKA_BROKERS"]]
    with closing(new_admin()) as admin:
        make_topic(admin, Topic.HEATPUMP.value, RETENTION[Topic.HEATPUMP])
    yield broker
    broker.stop()


@pytest.fixture
def worker(kafka: Kafka) -> Iterator[SettingsWorker]:
    made = make_worker()
    yield made
    made.close()


def reading(heatstop: int) -> bytes:
    now = datetime.now(UTC)
    return msgspec.json.encode(
        {"ts": now, "received_at": now, "device_id": "cellar", "tags": {}, "fields": {"heatstop": heatstop}}
    )


def produce(*values: bytes) -> None:
    producer = new_producer()
    for value in values:
        producer.send(Topic.HEATPUMP.value, value=value).get(10)
    close_producer(producer)


def committed() -> int:
    partition = TopicPartition(Topic.HEATPUMP.value, 0)
    with closing(new_admin()) as admin:
        return int(admin.list_group_offsets({GROUP: [partition]})[GROUP][partition].offset)


def heatstop() -> int | None:
    return Setting.objects.filter(pump__device_id="cellar", name="heatstop").values_list("confirmed", flat=True).first()


def step_until(worker: SettingsWorker, condition: Callable[[], object]) -> None:
    eventually(lambda: condition() or (worker.step(), condition())[1])


def test_it_starts_with_the_oldest_message_and_commits_what_it_has_taken(worker: SettingsWorker) -> None:
    produce(reading(15), reading(16), reading(17))
    step_until(worker, lambda: heatstop() == 17)
    assert Setting.objects.get(name="heatstop").changes.count() == 2
    assert committed() == 3


def test_what_cannot_be_read_is_skipped(worker: SettingsWorker) -> None:
    produce(b"not JSON", reading(15), b"", b"{}", reading(16))
    step_until(worker, lambda: heatstop() == 16)
    step_until(worker, lambda: committed() == 5)


def test_nothing_is_committed_while_the_database_is_away(worker: SettingsWorker) -> None:
    produce(reading(15))
    connection.close()
    with databases_at(f"postgresql://house@127.0.0.1:{free_port()}/homelab", "default"):
        for _ in range(2):
            with pytest.raises(django.db.OperationalError):
                eventually(lambda: worker.step() and False)
        assert committed() <= 0
    step_until(worker, lambda: heatstop() == 15)
    assert committed() == 1


def test_what_was_committed_is_not_taken_again(worker: SettingsWorker) -> None:
    produce(reading(15))
    step_until(worker, lambda: committed() == 1)
    worker.close()
    Setting.objects.update(confirmed=None, confirmed_at=None)
    second = make_worker()
    produce(reading(16))
    step_until(second, lambda: committed() == 2)
    second.close()
    assert heatstop() == 16
    assert not Setting.objects.get(name="heatstop").changes.exists()

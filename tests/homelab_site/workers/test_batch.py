import pytest
from kafka import TopicPartition

from bridge.messages import Topic
from homelab_site.workers.batch import Batch
from tests.telemetry.sink.records import reading

MINUTE = 60.0
DUE = 0.0


def test_an_empty_batch_is_never_due() -> None:
    assert Batch(10, DUE).seconds_left() == float("inf")


def test_a_batch_is_due_when_it_is_full() -> None:
    batch = Batch(3, MINUTE)
    batch.add([reading(0), reading(1)])
    assert batch.room == 1
    assert batch.seconds_left() == pytest.approx(MINUTE, abs=10)
    batch.add([reading(2)])
    assert batch.room == 0
    assert batch.seconds_left() == 0


def test_a_batch_is_due_when_its_first_record_is_old_enough() -> None:
    batch = Batch(10, DUE)
    batch.add([reading(0)])
    assert batch.seconds_left() == 0


def test_later_records_do_not_make_a_batch_younger() -> None:
    batch = Batch(10, MINUTE)
    batch.add([reading(0)])
    left = batch.seconds_left()
    batch.add([reading(1)])
    assert batch.seconds_left() <= left


def test_a_cleared_batch_begins_anew() -> None:
    batch = Batch(1, MINUTE)
    batch.add([reading(0)])
    batch.clear()
    assert batch.room == 1
    assert batch.seconds_left() == float("inf")
    assert batch.next_offsets() == {}


def test_more_than_the_room_is_kept() -> None:
    batch = Batch(1, MINUTE)
    batch.add([reading(0), reading(1)])
    assert batch.room == 0
    assert len(batch.records) == 2


def test_offsets_are_kept_for_each_partition() -> None:
    batch = Batch(10, MINUTE)
    batch.add([reading(7, partition=0), reading(9, partition=0)])
    batch.add([reading(3, partition=1)])
    batch.add([reading(5, topic=Topic.HEATPUMP), reading(12, partition=0)])
    energy, heatpump = Topic.ENERGY.value, Topic.HEATPUMP.value
    assert batch.next_offsets() == {
        TopicPartition(energy, 0): 13, TopicPartition(energy, 1): 4, TopicPartition(heatpump, 0): 6,
    }  # fmt: skip

"""Bad input at volume, through Mosquitto, which takes messages of any size.

`make bad-input` sends a million messages, the test suite two thousand.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import psutil
import pytest
from django.db.models import Sum
from django.db.models.functions import Length

from bridge.mqtt import parse_url
from bridge.publisher import Publisher
from telemetry.deadletters.bound import LOOK_SHARE, MOST_BYTES, MOST_LETTERS
from telemetry.deadletters.models import DeadLetter, Source
from tests.mosquitto import PersistentMosquitto, require_mosquitto
from tests.pipeline import Pipeline
from tests.waiting import eventually
from tests.whole.bad_input.account import is_bad, is_stored, stored
from tests.whole.bad_input.messages import NODES, Message, Mix, Row

MESSAGES = int(os.environ.get("BAD_MESSAGES", "2000"))
SEED = int(os.environ.get("BAD_SEED", "1"))
PORTION = 1_000
"""How many messages may wait in the broker: a portion goes out when the good ones of the one before are rows."""
PORTION_SECONDS = 120.0
WORKERS = ("bridge", "sink", "settings", "stream")
MAX_LOG_BYTES = 64 * 1024
MAX_GROWTH_MIB = 25.0
ALIVE_SECONDS = 30.0


pytestmark = pytest.mark.timeout(300 + MESSAGES // 10)


@pytest.fixture
def house(pipeline: Pipeline, tmp_path: Path) -> Iterator[Pipeline]:
    require_mosquitto()
    broker = PersistentMosquitto(tmp_path / "mosquitto")
    broker.start()
    pipeline.environment.update(broker.environment(), THERMIQ_NODES=",".join(NODES))
    yield pipeline
    broker.stop()


def test_all_good_messages_among_bad_ones_are_rows_and_nothing_crashes_or_fills_up(house: Pipeline) -> None:
    workers = house.run(*WORKERS)
    assert workers.id
    process = psutil.Process(workers.id.pid)
    rows: Counter[Row] = Counter()
    bad, memory = 0, 0.0
    for portion in portions():
        rows.update(message.row for message in portion if message.row)
        bad += sum(map(is_bad, portion))
        send(house, portion)
        memory = memory or mebibytes(process)

    eventually(lambda: stored(house).total() >= rows.total(), PORTION_SECONDS)
    assert stored(house) == rows
    assert workers.is_running
    check_letters(bad)
    assert workers.log.stat().st_size < MAX_LOG_BYTES, workers.log_tail()
    assert mebibytes(process) < memory + MAX_GROWTH_MIB
    eventually(lambda: max(age(house.directory / "run" / f"{name}.alive") for name in WORKERS) < ALIVE_SECONDS)
    house.rows("SELECT refresh_rollups()")


def portions() -> Iterator[list[Message]]:
    messages = iter(Mix(SEED, MESSAGES))
    while portion := list(islice(messages, PORTION)):
        yield portion


def send(house: Pipeline, portion: list[Message]) -> None:
    """Publish messages, and return when the last good one is a row."""
    with Publisher(parse_url(house.environment["MQTT_URL"]), "devices") as publisher:
        for message in portion:
            publisher.publish(message.topic, message.payload)
        publisher.wait_until_acknowledged()
    if good := [message.row for message in portion if message.row]:
        eventually(partial(is_stored, house, good[-1]), PORTION_SECONDS)


def check_letters(bad: int) -> None:
    """Each bad message is a dead letter, until there are as many as there may be."""
    from_mqtt = DeadLetter.objects.filter(source=Source.MQTT)
    if bad < MOST_LETTERS / 2:
        eventually(lambda: from_mqtt.count() >= bad)
        assert from_mqtt.count() == bad
        return
    size = Length("payload") + Length("origin") + Length("key")
    assert DeadLetter.objects.count() <= MOST_LETTERS * (1 + LOOK_SHARE)
    assert DeadLetter.objects.aggregate(size=Sum(size))["size"] <= MOST_BYTES * (1 + LOOK_SHARE)


def mebibytes(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 2**20


def age(file: Path) -> float:
    return time.time() - file.stat().st_mtime

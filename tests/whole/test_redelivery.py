"""With Mosquitto, which flags what it delivers again and takes messages of any size, as the wheel's broker does not."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from telemetry.deadletters.models import DeadLetter
from tests.mosquitto import Mosquitto, require_mosquitto
from tests.pipeline import Pipeline
from tests.proxy import Proxy
from tests.waiting import eventually
from tests.whole.payloads import SAVEEYE, meter


@pytest.fixture
def mosquitto(pipeline: Pipeline, tmp_path: Path) -> Iterator[Pipeline]:
    require_mosquitto()
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    pipeline.environment.update(broker.environment())
    yield pipeline
    broker.stop()


def test_a_message_without_a_time_counts_once_though_its_acknowledgement_is_lost(mosquitto: Pipeline) -> None:
    mosquitto.run("sink")
    with Proxy(urlsplit(mosquitto.environment["MQTT_URL"]).port or 0) as proxy:
        direct = mosquitto.environment["MQTT_URL"]
        mosquitto.environment["MQTT_URL"] = f"mqtt://127.0.0.1:{proxy.port}"
        bridge = mosquitto.run("bridge")
        mosquitto.environment["MQTT_URL"] = direct
        proxy.swallow.set()
        mosquitto.publish(SAVEEYE, *(meter("timeless", None, n) for n in range(50)), b"not JSON")
        eventually(lambda: mosquitto.count("energy_consumption") == 50 and DeadLetter.objects.count() == 1)
        bridge.kill()
    bridge.log.unlink()
    mosquitto.run("bridge")
    mosquitto.publish(SAVEEYE, meter("last", None, 0), b"not JSON either")

    eventually(lambda: mosquitto.rows("SELECT 1 FROM energy_consumption WHERE device_serial = 'last'"))
    eventually(lambda: DeadLetter.objects.count() >= 2)
    assert mosquitto.count("energy_consumption") == 51
    assert DeadLetter.objects.count() == 2


def test_a_reading_that_grows_too_large_for_kafka_is_a_dead_letter_and_blocks_nothing(mosquitto: Pipeline) -> None:
    mosquitto.run("bridge", "sink")
    grown = json.dumps({**meter("large", None, 1), "x": []})[:-2] + ",".join(["1e15"] * 100_000) + "]}"
    mosquitto.publish(SAVEEYE, grown.encode(), b"x" * 600_000, meter("small", None, 2))

    eventually(lambda: mosquitto.rows("SELECT 1 FROM energy_consumption WHERE device_serial = 'small'"))
    eventually(lambda: DeadLetter.objects.count() == 2)
    assert {len(letter.payload) for letter in DeadLetter.objects.all()} == {len(grown), 512 * 1024}

"""Whatever is killed in mid-stream, every reading that the MQTT broker accepted is one row in the end."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from homelab_site.stack.services import Postgres
from tests.killed import start_again
from tests.pipeline import Pipeline
from tests.proxy import Proxy
from tests.waiting import eventually
from tests.whole.payloads import SAVEEYE, meter

READINGS = 1500
CHUNK = 50
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def publish_all(pipeline: Pipeline, serial: str) -> None:
    """Publish a meter's readings in chunks, each acknowledged by the broker, over a few seconds."""
    for first in range(0, READINGS, CHUNK):
        pipeline.publish(
            SAVEEYE, *(meter(serial, START + timedelta(seconds=n), n) for n in range(first, first + CHUNK))
        )


@contextmanager
def publishing(pipeline: Pipeline, serial: str) -> Iterator[None]:
    thread = threading.Thread(target=publish_all, args=(pipeline, serial))
    thread.start()
    yield
    thread.join(120)
    assert not thread.is_alive()


def at_random_moments(times: int, act: Callable[[], None], seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(times):
        time.sleep(rng.uniform(0.05, 0.6))
        act()


def counters(pipeline: Pipeline, serial: str) -> list[int]:
    return [row[0] for row in pipeline.rows(
        "SELECT active_energy_total FROM energy_consumption WHERE device_serial = %s ORDER BY time", serial
    )]  # fmt: skip


def assert_all_arrive_once(pipeline: Pipeline, serial: str) -> None:
    eventually(lambda: len(counters(pipeline, serial)) >= READINGS, 120)
    assert counters(pipeline, serial) == list(range(READINGS))


@pytest.mark.parametrize("victim", ["bridge", "sink"])
def test_a_worker_is_killed(pipeline: Pipeline, victim: str) -> None:
    for name in ("bridge", "sink"):
        pipeline.run(name)

    def kill_and_restart() -> None:
        pipeline.workers[victim].kill()
        pipeline.run(victim)

    with publishing(pipeline, "killed"):
        at_random_moments(3, kill_and_restart, seed=1)

    assert_all_arrive_once(pipeline, "killed")


def test_connections_to_the_mqtt_broker_are_cut(pipeline: Pipeline) -> None:
    direct = pipeline.environment["MQTT_URL"]
    with Proxy(pipeline.mqtt.port) as proxy:
        pipeline.environment["MQTT_URL"] = f"mqtt://127.0.0.1:{proxy.port}"
        pipeline.run("bridge", "sink")
        pipeline.environment["MQTT_URL"] = direct
        with publishing(pipeline, "cut"):
            at_random_moments(5, proxy.cut, seed=2)

        assert_all_arrive_once(pipeline, "cut")


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A database server to kill. Its own user must reach its directory, so it is not below pytest's."""
    with TemporaryDirectory(prefix="homelab-tests-", ignore_cleanup_errors=True) as directory:
        server = Postgres(Path(directory))
        server.start()
        yield server
        server.stop()


def test_the_database_is_killed(pipeline: Pipeline, own_postgres: Postgres) -> None:
    pipeline.environment.update(own_postgres.environment())
    pipeline.manage("prepare_stack")
    pipeline.run("bridge", "sink")

    def kill_and_restart() -> None:
        own_postgres.kill()
        start_again(own_postgres)

    with publishing(pipeline, "database"):
        at_random_moments(3, kill_and_restart, seed=3)

    assert_all_arrive_once(pipeline, "database")


def test_the_bridge_acknowledges_nothing_that_kafka_has_not(pipeline: Pipeline) -> None:
    """Kafka's log is in memory here and gone with it, so what it had not acknowledged must come again from MQTT."""
    pipeline.run("bridge")
    pipeline.publish(SAVEEYE, meter("before", START, 0))
    pipeline.kafka.kill()

    publish_all(pipeline, "away")
    pipeline.kafka.start()
    pipeline.make_topics()
    pipeline.run("sink")

    assert_all_arrive_once(pipeline, "away")


def test_workers_end_cleanly_when_asked(pipeline: Pipeline) -> None:
    child = pipeline.run("bridge", "sink")
    publish_all(pipeline, "asked")
    child.signal(15)

    assert child.wait(10)
    assert child.exit_status == 0
    pipeline.run("bridge", "sink")
    assert_all_arrive_once(pipeline, "asked")

"""The command as a process: what its signals and its status are."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from homelab_site.stack.child import Child, free_port
from homelab_site.stack.parts import manage
from tests.away import silent_port
from tests.waiting import eventually


@pytest.fixture
def nothing_there(tmp_path: Path) -> dict[str, str]:
    """The variables of a process for which everything outside is away."""
    port = free_port()
    return {
        "DATABASE_URL": f"postgresql://house@127.0.0.1:{port}/homelab",
        "TELEMETRY_DATABASE_URL": f"postgresql://house@127.0.0.1:{port}/telemetry",
        "TELEMETRY_SINK_DATABASE_URL": f"postgresql://house@127.0.0.1:{port}/telemetry",
        "KAFKA_BROKERS": f"127.0.0.1:{port}",
        "MQTT_URL": f"mqtt://127.0.0.1:{port}",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "WORKER_RUN_DIR": str(tmp_path / "run"),
        "WORKER_METRICS_PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def workers(tmp_path: Path, nothing_there: dict[str, str]) -> Iterator[Child]:
    child = Child("workers", manage("runworker", "bridge", "sink"), tmp_path / "workers.log", env=nothing_there)
    child.start()
    yield child
    child.kill()


def alive(directory: Path) -> set[str]:
    return {path.name for path in (directory / "run").glob("*")}


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_workers_wait_for_what_is_away_and_end_with_status_0_when_asked(
    workers: Child, tmp_path: Path, nothing_there: dict[str, str], asked: signal.Signals
) -> None:
    eventually(lambda: alive(tmp_path) == {"bridge.alive", "sink.alive"})
    eventually(lambda: workers.log.read_text().count("next attempt in") >= 4)
    metrics = f"http://127.0.0.1:{nothing_there['WORKER_METRICS_PORT']}/metrics"
    with urllib.request.urlopen(metrics, timeout=5) as answer:
        assert b'homelab_retries_total{worker="sink"}' in answer.read()

    workers.signal(asked)

    assert workers.wait(10)
    assert workers.exit_status == 0, workers.log.read_text()
    assert alive(tmp_path) == set()
    assert "Traceback" not in workers.log.read_text()


def test_workers_end_with_status_1_where_they_cannot_show_signs_of_life(
    tmp_path: Path, nothing_there: dict[str, str]
) -> None:
    (tmp_path / "run").touch()
    child = Child("workers", manage("runworker", "bridge", "sink"), tmp_path / "workers.log", env=nothing_there)
    child.start()
    assert child.wait(30)
    assert child.exit_status == 1
    assert os.fspath(tmp_path / "run") in child.log.read_text()


def test_a_port_for_metrics_that_is_in_use_is_a_sentence(tmp_path: Path, nothing_there: dict[str, str]) -> None:
    with silent_port() as port:
        environment = {**nothing_there, "WORKER_METRICS_PORT": str(port)}
        child = Child("workers", manage("runworker", "bridge"), tmp_path / "workers.log", env=environment)
        child.start()
        assert child.wait(30)
    assert child.exit_status == 1
    said = child.log.read_text()
    assert said == f"CommandError: WORKER_METRICS_PORT is {port}, which cannot be used: Address already in use\n"


def test_a_name_that_is_no_worker_is_refused_with_those_that_are(tmp_path: Path) -> None:
    child = Child("workers", manage("runworker", "plumber"), tmp_path / "workers.log")
    child.start()
    assert child.wait(30)
    assert child.exit_status == 2
    assert "invalid choice: 'plumber' (choose from" in child.log.read_text()

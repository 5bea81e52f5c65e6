from datetime import UTC

import pytest

from homelab_site.stack.child import free_port
from telemetry.schema.runner import Connection
from telemetry.status.selectors import StreamState, WorkerState, pipeline_status
from tests.away import brokers_at, everything_at, silent_port
from tests.telemetry.deadletters.letters import FROM_KAFKA, kept
from tests.telemetry.status.conftest import beat, store

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def test_a_stream_without_readings_is_empty(telemetry: Connection) -> None:
    energy = pipeline_status().streams["energy"]
    assert (energy.state, energy.newest, energy.age_seconds, energy.rows_last_hour) == (
        StreamState.EMPTY,
        None,
        None,
        0,
    )


def test_a_stream_is_fresh_by_its_newest_reading(telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "2 hours", "59 minutes", "5 seconds")
    energy = pipeline_status().streams["energy"]
    assert (energy.state, energy.rows_last_hour) == (StreamState.FRESH, 2)
    assert energy.age_seconds == pytest.approx(5, abs=2)
    assert energy.newest
    assert energy.newest.tzinfo is UTC


@pytest.mark.parametrize(
    ("stream", "table", "in_time", "too_old"),
    [
        ("energy", "energy_consumption", "50 seconds", "70 seconds"),
        ("heatpump", "heatpump_status", "170 seconds", "190 seconds"),
        ("temperature", "temperature_sensors", "2 hours 10 minutes", "2 hours 20 minutes"),
    ],
)
def test_a_stream_is_late_by_the_rhythm_of_its_devices(
    telemetry: Connection, stream: str, table: str, in_time: str, too_old: str
) -> None:
    store(telemetry, table, too_old)
    assert pipeline_status().streams[stream].state is StreamState.LATE
    store(telemetry, table, in_time)
    assert pipeline_status().streams[stream].state is StreamState.FRESH


def test_a_clock_that_is_ahead_does_not_hide_that_the_stream_is_silent(telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "2 hours", "-20 hours")
    energy = pipeline_status().streams["energy"]
    assert (energy.state, energy.rows_last_hour) == (StreamState.LATE, 0)


def test_dead_letters_are_counted(telemetry: Connection) -> None:
    kept(FROM_KAFKA)
    letters = pipeline_status().dead_letters
    assert (letters.total, letters.last_hour) == (1, 1)


def test_a_worker_lives_by_its_sign_of_life(telemetry: Connection) -> None:
    beat("sink", seconds=90)
    workers = pipeline_status().workers
    assert workers["bridge"].state is WorkerState.DEAD
    assert (workers["sink"].state, workers["sink"].host) == (WorkerState.ALIVE, "cellar")
    assert workers["sink"].since
    assert workers["sink"].seen
    assert (workers["sink"].seen - workers["sink"].since).total_seconds() == pytest.approx(90)


def test_without_brokers_the_tables_still_say_how_fresh_they_are(telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "5 seconds")
    beat("sink")
    with brokers_at(free_port()):
        status = pipeline_status()
    assert (status.streams["energy"].state, status.streams["energy"].lag) == (StreamState.FRESH, None)
    assert status.workers["sink"].state is WorkerState.UNKNOWN
    assert status.unavailable.keys() == {"kafka", "valkey"}


def test_when_everything_hangs_all_is_unknown_and_says_why() -> None:
    with silent_port() as port, everything_at(port):
        status = pipeline_status()
    assert {stream.state for stream in status.streams.values()} == {StreamState.UNKNOWN}
    assert {worker.state for worker in status.workers.values()} == {WorkerState.UNKNOWN}
    assert status.dead_letters.total is None
    assert status.unavailable.keys() == {"telemetry_database", "kafka", "homelab_database", "valkey"}
    assert status.unavailable["telemetry_database"] == "no answer within 1.5 s"

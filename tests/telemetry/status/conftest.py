"""Readings of any age, and workers that give a sign of life."""

import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from homelab_site.workers.liveness import Heartbeat, send_heartbeats
from telemetry.schema.runner import Connection

DEVICES = {"energy_consumption": "device_serial", "heatpump_status": "device_id", "temperature_sensors": "device_id"}


def store(telemetry: Connection, table: str, *ages: str) -> None:
    """Store a reading of each age, such as `5 minutes`; a negative one is a reading from the future."""
    with telemetry.cursor() as cursor:
        for age in ages:
            cursor.execute(
                f"INSERT INTO {table} (time, {DEVICES[table]}) VALUES (clock_timestamp() - %s::interval, 'one')", [age]
            )


def beat(worker: str, *, seconds: float = 0) -> None:
    """Let a worker, which has run for some seconds, give a sign of life now."""
    now = time.time()
    send_heartbeats([Heartbeat(worker, at=now, host="cellar", pid=1, started=now - seconds)])


@pytest.fixture(autouse=True)
def no_worker_runs() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()

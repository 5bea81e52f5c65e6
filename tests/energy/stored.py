"""Meters of a test in the database: readings go in, and what the views say of them comes out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever psycopg2 calls it
from psycopg2.extras import execute_values

from tests.energy.curves import Delivery
from tests.energy.reference import Interval, Reading

# An example leaves its rows behind, under serials that no other example has: it needs no empty tables.
with_database = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True, slots=True)
class Found:
    """A row of a view; energy in Wh."""

    start: datetime
    end: datetime
    energy_wh: float
    measurement_count: int
    coverage: float


@dataclass(frozen=True, slots=True)
class StoredMeter:
    """A meter that no other test knows. Rows come oldest first."""

    connection: Connection
    serial: str = field(default_factory=lambda: uuid4().hex)

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            receive(self.connection, {self: delivery.readings})
            if delivery.refresh:
                refresh_rollups(self.connection)

    def quarters(self) -> list[Found]:
        return self._read(
            "SELECT ts, ts + interval '15 minutes', energy_wh, measurement_count, coverage FROM energy_quarterly"
        )

    def hours(self) -> list[Found]:
        return self._read(
            "SELECT hour_start, hour_end, total_energy_kwh * 1000, measurement_count, coverage FROM energy_hourly"
        )

    def days(self) -> list[Found]:
        return self._summary("daily", "day")

    def months(self) -> list[Found]:
        return self._summary("monthly", "month")

    def years(self) -> list[Found]:
        return self._summary("yearly", "year")

    def _summary(self, view: str, unit: str) -> list[Found]:
        return self._read(
            f"SELECT {unit}_start, {unit}_end, energy_consumption_kwh * 1000, measurement_count, coverage"
            f" FROM energy_{view}_summary"
        )

    def _read(self, query: str) -> list[Found]:
        rows = execute(self.connection, f"{query} WHERE device_serial = %s ORDER BY 1", self.serial)
        return [Found(*row) for row in rows]


def receive(connection: Connection, readings: Mapping[StoredMeter, Sequence[Reading]]) -> None:
    """Insert readings of meters in one statement, as the sink does."""
    rows = [(row.time, meter.serial, row.counter) for meter, those in readings.items() for row in those]
    if rows:
        with connection.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO energy_consumption (time, device_serial, active_energy_total) VALUES %s"
                " ON CONFLICT DO NOTHING",
                rows,
            )


def refresh_rollups(connection: Connection) -> None:
    execute(connection, "SELECT refresh_rollups()")


def execute(connection: Connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall() if cursor.description else []


def assert_same(found: Sequence[Found], expected: Sequence[Interval]) -> None:
    """Compare with the model. The counter at an edge may be rounded the other way if it is half a Wh: 1 Wh is near."""
    assert [(row.start, row.end) for row in found] == [(interval.start, interval.end) for interval in expected]
    for row, interval in zip(found, expected, strict=True):
        assert row.measurement_count == interval.measurement_count, interval
        assert abs(row.energy_wh - interval.energy_wh) <= 1, interval
        assert row.coverage == pytest.approx(float(interval.coverage), rel=1e-9), interval

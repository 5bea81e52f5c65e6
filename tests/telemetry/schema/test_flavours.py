"""Plain PostgreSQL and TimescaleDB: the same tables for everybody who reads and writes."""

from typing import Any

import psycopg2
import pytest
from django.db import connections
from django.db.models import Model

from energy.models import EnergyConsumption
from heatpump.models import HeatpumpStatus
from telemetry.models import SchemaMigration, TemperatureReading
from telemetry.schema.runner import Connection
from telemetry.sink.tables import ENERGY, HEATPUMP, TEMPERATURE, Table

READINGS: list[type[Model]] = [EnergyConsumption, HeatpumpStatus, TemperatureReading]
TABLES = [ENERGY, HEATPUMP, TEMPERATURE]


def rows(connection: Connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall() if cursor.description else []


def columns(connection: Connection, table: str) -> dict[str, tuple[str, bool]]:
    """Return each column's type, and whether it can be null."""
    found = rows(
        connection,
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        table,
    )
    return {name: (kind, nullable) for name, kind, nullable in found}


@pytest.mark.parametrize("model", [*READINGS, SchemaMigration])
def test_a_model_has_the_columns_of_its_table(flavour: Connection, model: type[Model]) -> None:
    in_model = {
        field.column: (field.db_type(connections["telemetry"]), field.null)
        for field in model._meta.fields
        if field.column
    }
    assert columns(flavour, model._meta.db_table) == in_model


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_sink_has_the_columns_of_its_tables(flavour: Connection, table: Table) -> None:
    of_sink = {"time": "timestamp with time zone", table.device: "text", **table.tags, **table.fields}
    assert {name: kind for name, (kind, _) in columns(flavour, table.name).items()} == of_sink


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_reading_is_stored_once(flavour: Connection, table: Table) -> None:
    moments, devices = "{2026-11-01 00:00:00+00,2026-11-01 00:00:01+00}", "{one,one}"
    others = ["{NULL,NULL}"] * (len(table.tags) + len(table.fields))
    for _ in range(2):
        rows(flavour, table.insert(), moments, devices, *others)
    assert rows(flavour, f"SELECT count(*) FROM {table.name}") == [(2,)]


def test_two_readings_of_one_device_and_time_are_refused(flavour: Connection) -> None:
    statement = "INSERT INTO heatpump_status (time, device_id) VALUES ('2026-11-01 00:00:00+00', 'one')"
    rows(flavour, statement)
    with pytest.raises(psycopg2.errors.UniqueViolation):
        rows(flavour, statement)


@pytest.mark.parametrize("column", ["time", "device_id"])
def test_a_reading_without_time_or_device_is_refused(flavour: Connection, column: str) -> None:
    other = {"time": "device_id", "device_id": "time"}[column]
    value = {"time": "2026-11-01 00:00:00+00", "device_id": "one"}[other]
    with pytest.raises(psycopg2.errors.NotNullViolation):
        rows(flavour, f"INSERT INTO heatpump_status ({other}) VALUES (%s)", value)


FIVE_WEEKS = """
    INSERT INTO temperature_sensors (time, device_id, location, temperature_c)
    SELECT '2026-11-01 00:00:00+00'::timestamptz + n * interval '1 minute',
        'sensor ' || n %% 5, 'room ' || n %% 5, 20 + n %% 3
    FROM generate_series(1, 50000) AS n
"""
"""Five sensors, more than one chunk, and a table that is worth an index."""


@pytest.mark.parametrize(
    "where", ["", "WHERE device_id = 'sensor 3'", "WHERE location = 'room 3'"], ids=["of all", "of device", "of room"]
)
def test_the_newest_reading_is_one_index_probe(flavour: Connection, where: str) -> None:
    rows(flavour, FIVE_WEEKS)
    rows(flavour, "ANALYZE temperature_sensors")
    query = f"SELECT * FROM temperature_sensors {where} ORDER BY time DESC LIMIT 1"
    [([plan],)] = rows(flavour, f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
    scans = [node for node in nodes(plan["Plan"]) if "Plans" not in node]
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}
    assert sum(node["Actual Rows"] for node in scans) == 1
    assert not [node for node in nodes(plan["Plan"]) if "Sort" in node["Node Type"]]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_timescale_compresses_after_a_week_and_drops_after_90_days(timescale: Connection, table: Table) -> None:
    jobs = rows(
        timescale,
        "SELECT proc_name, coalesce(config ->> 'compress_after', config ->> 'drop_after') "
        "FROM timescaledb_information.jobs WHERE hypertable_name = %s ORDER BY proc_name",
        table.name,
    )
    assert jobs == [("policy_compression", "7 days"), ("policy_retention", "90 days")]
    segments = rows(
        timescale,
        "SELECT segmentby, orderby FROM timescaledb_information.hypertable_compression_settings "
        "WHERE hypertable = %s::regclass",
        table.name,
    )
    assert segments == [(table.device, '"time" DESC')]


def run_jobs(timescale: Connection, procedure: str) -> None:
    """Run a policy of every table now, as its background worker would."""
    for (job,) in rows(timescale, "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = %s", procedure):
        rows(timescale, "CALL run_job(%s)", job)


def readings_of_ages(connection: Connection, *ages: str) -> None:
    rows(
        connection,
        "INSERT INTO heatpump_status (time, device_id) SELECT date_trunc('day', now()) - age, 'one' "
        "FROM unnest(%s::interval[]) AS age ON CONFLICT DO NOTHING",
        list(ages),
    )


def test_a_replay_into_compressed_rows_changes_nothing(timescale: Connection) -> None:
    readings_of_ages(timescale, "30 days", "31 days")
    run_jobs(timescale, "policy_compression")
    [(compressed,)] = rows(
        timescale,
        "SELECT count(*) FROM timescaledb_information.chunks "
        "WHERE hypertable_name = 'heatpump_status' AND is_compressed",
    )
    readings_of_ages(timescale, "30 days", "31 days", "32 days")
    assert compressed > 0
    assert rows(timescale, "SELECT count(*) FROM heatpump_status") == [(3,)]


def test_timescale_drops_what_is_too_old_by_itself(timescale: Connection) -> None:
    readings_of_ages(timescale, "1 day", "89 days", "100 days", "200 days")
    assert rows(timescale, "SELECT apply_retention()") == [(0,)]
    run_jobs(timescale, "policy_retention")
    assert rows(timescale, "SELECT count(*) FROM heatpump_status") == [(2,)]

"""The three ways in: the owner, the sink that reads and adds readings, the reader."""

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings
from psycopg2.errors import InsufficientPrivilege

from telemetry.schema.files import MigrationError
from telemetry.schema.runner import Connection, apply_migrations

TABLES = ["energy_consumption", "heatpump_status", "temperature_sensors"]
DEVICE = {"energy_consumption": "device_serial"}


def execute(connection: Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def insert(table: str) -> str:
    return f"INSERT INTO {table} (time, {DEVICE.get(table, 'device_id')}) VALUES (now(), 'one')"


@pytest.fixture
def reader(flavour: Connection) -> Connection:
    execute(flavour, "SET ROLE telemetry_reader")
    return flavour


@pytest.fixture
def sink(flavour: Connection) -> Connection:
    execute(flavour, "SET ROLE telemetry_sink")
    return flavour


@pytest.mark.parametrize("table", [*TABLES, "schema_migrations"])
def test_the_reader_reads(reader: Connection, table: str) -> None:
    execute(reader, f"SELECT * FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_reader_changes_nothing(reader: Connection, table: str) -> None:
    for statement in (
        insert(table),
        f"UPDATE {table} SET time = now()",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"DROP TABLE {table}",
        "CREATE TABLE mine ()",
        "SELECT apply_retention()",
    ):
        with pytest.raises(InsufficientPrivilege):
            execute(reader, statement)


@pytest.mark.parametrize("table", TABLES)
def test_the_sink_reads_and_adds_readings(sink: Connection, table: str) -> None:
    execute(sink, f"{insert(table)} ON CONFLICT DO NOTHING")
    execute(sink, f"SELECT * FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_sink_neither_changes_nor_removes_readings(sink: Connection, table: str) -> None:
    for statement in (
        f"UPDATE {table} SET time = now()",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"DROP TABLE {table}",
        "CREATE TABLE mine ()",
        "INSERT INTO schema_migrations (version, name) VALUES (999, 'mine')",
    ):
        with pytest.raises(InsufficientPrivilege):
            execute(sink, statement)


def test_the_sink_has_what_is_too_old_removed(telemetry: Connection) -> None:
    execute(
        telemetry,
        "INSERT INTO heatpump_status (time, device_id) "
        "SELECT now() - age, 'one' FROM unnest('{89 days,91 days,200 days}'::interval[]) AS age",
    )
    execute(telemetry, "SET ROLE telemetry_sink")
    with telemetry.cursor() as cursor:
        cursor.execute("SELECT apply_retention()")
        assert cursor.fetchone() == (2,)
        cursor.execute("SELECT count(*) FROM heatpump_status")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("role", ["telemetry_reader", "telemetry_sink"])
def test_what_a_later_migration_creates_can_be_read(database: Connection, role: str) -> None:
    apply_migrations(database, settings.TELEMETRY_MIGRATIONS_DIR)
    execute(database, "CREATE TABLE later (); CREATE VIEW later_still AS SELECT * FROM later")
    execute(database, f"SET ROLE {role}")
    execute(database, "SELECT * FROM later_still, later")


@pytest.fixture
def owner(database: Connection) -> Iterator[Connection]:
    """The connection of a login that owns a database and may do nothing else."""
    name = f"owner_{uuid4().hex[:12]}"
    execute(database, f"CREATE ROLE {name} LOGIN; ALTER DATABASE {database.info.dbname} OWNER TO {name}")
    with closing(psycopg2.connect(database.dsn, user=name)) as connection:
        yield connection
    execute(
        database, f"DROP OWNED BY {name}; ALTER DATABASE {database.info.dbname} OWNER TO postgres; DROP ROLE {name}"
    )


def test_an_owner_who_is_no_superuser_can_migrate(owner: Connection) -> None:
    assert apply_migrations(owner, settings.TELEMETRY_MIGRATIONS_DIR)


@pytest.fixture
def without_reader(database: Connection) -> Iterator[None]:
    execute(database, "ALTER ROLE telemetry_reader RENAME TO telemetry_reader_away")
    yield
    execute(database, "ALTER ROLE telemetry_reader_away RENAME TO telemetry_reader")


@pytest.mark.usefixtures("without_reader")
def test_an_owner_who_may_not_create_a_missing_role_is_told_who_must(owner: Connection) -> None:
    with pytest.raises(MigrationError, match=r"002_roles failed.* run CREATE ROLE telemetry_reader NOLOGIN"):
        apply_migrations(owner, settings.TELEMETRY_MIGRATIONS_DIR)

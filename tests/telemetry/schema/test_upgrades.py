"""The migrations that there are: from every older version, run again, by two at once, and before one that is broken."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings

from homelab_site.backups.programs import find_program
from homelab_site.stack.services import Postgres
from telemetry.schema.files import MigrationError, read_migrations
from telemetry.schema.runner import Connection, apply_migrations
from tests.telemetry.schema.conftest import Write, new_database
from tests.timescale_fixture import empty_timescale

DIRECTORY: Path = settings.TELEMETRY_MIGRATIONS_DIR
FILES = read_migrations(DIRECTORY)
TABLES = {4: "energy_consumption", 5: "heatpump_status", 6: "temperature_sensors"}
"""By the version that makes them."""
READINGS = {
    "energy_consumption": "(time, device_serial, active_energy_total) SELECT at, 'attic', n * 3",
    "heatpump_status": "(time, device_id, outdoor_temp) SELECT at, 'pump', 4",
    "temperature_sensors": "(time, device_id, location, temperature_c) SELECT at, 'shelly', 'attic', 20",
}
MOMENTS = """
    FROM generate_series(0, 999) AS n,
    LATERAL (SELECT '2026-10-01T00:00:00Z'::timestamptz + n * interval '10 s') AS t(at)
"""
ROLLUPS = "SELECT to_jsonb(r) FROM (TABLE counter_quarters) AS r ORDER BY 1"
JOBS = "SELECT hypertable_name, proc_name, config - 'hypertable_id' FROM timescaledb_information.jobs ORDER BY 1, 2"


def execute(database: Connection, query: str) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else []


def copied(directory: Path, version: int) -> Path:
    """Make a directory with the files up to a version: what a build of that time had."""
    for path in sorted(DIRECTORY.glob("*.sql"))[:version]:
        shutil.copy(path, directory)
    return directory


def store_readings(database: Connection, table: str) -> None:
    execute(database, f"INSERT INTO {table} {READINGS[table]}{MOMENTS}")


def rollups(database: Connection) -> list[tuple[Any, ...]]:
    """Return what is added up of all readings."""
    execute(database, "SELECT refresh_rollups()")
    return execute(database, ROLLUPS)


def schema_of(url: str) -> list[str]:
    """Return the statements that make what a database has, sorted: pg_dump's own order can differ."""
    program = str(find_program("pg_dump", 18).path)
    argv = [program, "--schema-only", "--schema=public", "--no-owner", f"--dbname={url}"]
    text = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
    lines = (line for line in text.splitlines() if not line.startswith("\\"))  # a key of psql's, new each time
    return sorted("\n".join(lines).split("\n--\n-- Name: "))


@pytest.fixture(scope="module")
def new(postgres: Postgres) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
    """The schema and the rollups of a database that was made at once, and had its readings afterwards."""
    with new_database(postgres) as url, closing(psycopg2.connect(url)) as database:
        apply_migrations(database, DIRECTORY)
        for table in TABLES.values():
            store_readings(database, table)
        yield schema_of(url), rollups(database)


@pytest.mark.parametrize("version", range(1, len(FILES)))
def test_an_older_database_becomes_as_a_new_one_and_keeps_its_rows(
    database: Connection, database_url: str, tmp_path: Path, new: tuple[list[str], Any], version: int
) -> None:
    apply_migrations(database, copied(tmp_path, version))
    older = [table for since, table in TABLES.items() if since <= version]
    for table in older:
        store_readings(database, table)
    assert len(apply_migrations(database, DIRECTORY)) == len(FILES) - version
    for table in set(TABLES.values()) - set(older):
        store_readings(database, table)
    assert (schema_of(database_url), rollups(database)) == new


def test_on_timescale_every_version_leads_to_the_next(timescale_url: str, tmp_path: Path) -> None:
    """One after the other, since that server has one database."""
    (tmp_path / "files").mkdir()
    with empty_timescale(tmp_path) as url:
        for version in range(1, len(FILES) + 1):
            with closing(psycopg2.connect(url)) as database:
                [applied] = apply_migrations(database, copied(tmp_path / "files", version))
                assert applied.version == version
                if version in TABLES:
                    store_readings(database, TABLES[version])
        with closing(psycopg2.connect(url)) as database:
            assert rollups(database)
            assert execute(database, "SELECT count(*) FROM energy_consumption") == [(1_000,)]
            jobs = execute(database, JOBS)
        with closing(psycopg2.connect(timescale_url)) as database:
            assert execute(database, JOBS) == jobs
        assert schema_of(url) == schema_of(timescale_url)


def test_to_run_them_again_changes_nothing(flavour: Connection) -> None:
    before = execute(flavour, "SELECT * FROM schema_migrations ORDER BY version")
    assert apply_migrations(flavour, DIRECTORY) == []
    assert execute(flavour, "SELECT * FROM schema_migrations ORDER BY version") == before


def test_a_broken_file_after_them_leaves_nothing_of_itself(flavour: Connection, directory: Path, write: Write) -> None:
    copied(directory, len(FILES))
    statements = (
        "CREATE TABLE half (time timestamptz NOT NULL, device text);\n"
        "SELECT create_series('half', 'device');\nINSERT INTO nowhere VALUES (1);"
    )
    write(len(FILES) + 1, "broken", statements)
    with pytest.raises(MigrationError, match="broken failed, and nothing of it is applied"):
        apply_migrations(flavour, directory)
    assert execute(flavour, "SELECT to_regclass('half') IS NULL, max(version) FROM schema_migrations") == [
        (True, len(FILES))
    ]


def test_two_runners_at_once_share_the_work_of_one(database: Connection, database_url: str) -> None:
    with closing(psycopg2.connect(database_url)) as other, ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda connection: apply_migrations(connection, DIRECTORY), [database, other]))
    assert sorted(map(len, runs)) == [0, len(FILES)]

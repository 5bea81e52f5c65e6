"""A dump of the real TimescaleDB, as far as it can be had here.

The one of the tests has one database, one session and no COPY FROM STDIN. So pg_dump reads from it without a snapshot,
and what pg_restore would send is written as INSERTs and said by the test, between the steps that a restore takes.
"""

import subprocess
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec
import psycopg2
import pytest
from pytest_django import Settings

from homelab_site.backups.archive import CHUNK, Dump, check
from homelab_site.backups.database import connect, contents_of, count_rows, execute, major_of
from homelab_site.backups.description import Description, archive_name, description_name
from homelab_site.backups.destination import destination_of
from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import find_program
from homelab_site.backups.restore import drill
from homelab_site.backups.timescale import after_restore, before_restore, show_chunks
from telemetry.schema.runner import Connection
from tests.timescale_fixture import empty_timescale, timescale, timescale_url  # noqa: F401 - fixtures

CHUNKS = "SELECT count(*)::integer FROM timescaledb_information.chunks WHERE hypertable_name = 'energy_consumption'"
FACTS = (
    CHUNKS,
    CHUNKS + " AND is_compressed",
    "SELECT count(*), sum(active_power_total) FROM energy_consumption",
    "SELECT hypertable_name, proc_name, config - 'hypertable_id' FROM timescaledb_information.jobs ORDER BY 1, 2",
)


@pytest.fixture
def stored(timescale_url: str) -> str:  # noqa: F811 - a fixture
    """The URL of a TimescaleDB with readings in several chunks, one of them compressed."""
    with closing(psycopg2.connect(timescale_url)) as connection:
        connection.autocommit = True
        _store(connection)
    return timescale_url


def test_the_rows_of_a_hypertable_are_counted_once_and_its_extension_is_known(stored: str) -> None:
    with closing(psycopg2.connect(stored)) as connection:
        contents = contents_of(connection)
    assert contents.rows["public.energy_consumption"] == 1_000
    assert not [table for table in contents.rows if table.startswith("_timescaledb")]
    assert contents.extensions["timescaledb"]


def test_a_dump_holds_the_chunks_of_a_hypertable(stored: str) -> None:
    with closing(psycopg2.connect(stored)) as connection:
        major = major_of(connection)
    with Dump(find_program("pg_dump", major), stored) as dump:
        archive = b"".join(iter(lambda: dump.read(CHUNK), b""))
    assert check(find_program("pg_restore", major), BytesIO(archive)) == dump.sha256
    assert b"_hyper_" in archive


def test_a_restored_hypertable_has_its_rows_its_chunks_and_its_jobs(stored: str, tmp_path: Path) -> None:
    """Not seen here: several databases on one server, and COPY."""
    with closing(psycopg2.connect(stored)) as connection:
        before = contents_of(connection)
        facts = {query: execute(connection, query) for query in FACTS}
        major = major_of(connection)
    statements = as_inserts(stored, major, tmp_path / "archive.dump")
    with empty_timescale(tmp_path) as url:
        with connect(url) as database:
            for role in before.roles:
                execute(database, f"CREATE ROLE {role}")
        before_restore(url, before.extensions["timescaledb"])
        with connect(url) as database:
            # The one session was there before; a new one of a real server begins with what pre_restore set.
            execute(database, "SET timescaledb.restoring TO on")
            execute(database, statements)
        with connect(url) as database:
            show_chunks(database)
            assert count_rows(database) == before.rows
        after_restore(url)
        with connect(url) as database:
            assert execute(database, "SHOW timescaledb.restoring") == [("off",)]
            assert {query: execute(database, query) for query in FACTS} == facts
            execute(database, "INSERT INTO energy_consumption (time, device_serial) VALUES ('2026-12-24', 'attic')")
            [(chunks,)] = facts[CHUNKS]
            assert execute(database, CHUNKS) == [(chunks + 1,)]


def test_a_dump_of_another_version_of_the_extension_is_refused(stored: str, tmp_path: Path, settings: Settings) -> None:
    settings.TELEMETRY_OWNER_URL = stored
    with closing(psycopg2.connect(stored)) as connection:
        contents = contents_of(connection)
    older = msgspec.structs.replace(contents, extensions={**contents.extensions, "timescaledb": "2.11.0"})
    taken_at = datetime(2026, 11, 25, 2, tzinfo=UTC)
    archive = archive_name("telemetry", taken_at)
    description = Description("telemetry", archive, taken_at, 0, "", contents.server, "a-build", older)
    (tmp_path / archive).touch()
    (tmp_path / description_name(archive)).write_bytes(description.encode())
    with pytest.raises(BackupError, match=r"is of timescaledb 2\.11\.0, and this server has 2\..* has to be the same"):
        drill("telemetry", destination_of(str(tmp_path)))


def as_inserts(url: str, major: int, archive: Path) -> str:
    """Dump a database and return what restoring it would say, with INSERT in the place of COPY."""
    with Dump(find_program("pg_dump", major), url, "--rows-per-insert=100") as dump:
        archive.write_bytes(b"".join(iter(lambda: dump.read(CHUNK), b"")))
    argv = [str(find_program("pg_restore", major).path), "--no-owner", "--file=-", str(archive)]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    return "\n".join(line for line in lines if not line.startswith("\\"))  # psql's own commands


def _store(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE energy_consumption")
        cursor.execute(
            "INSERT INTO energy_consumption (time, device_serial, active_power_total)"
            " SELECT '2026-10-01T00:00:00Z'::timestamptz + n * interval '1 hour', 'attic', n"
            " FROM generate_series(1, 1000) AS n"
        )
        cursor.execute(
            "SELECT compress_chunk(show_chunks('energy_consumption', older_than => '2026-10-08'::timestamptz))"
        )

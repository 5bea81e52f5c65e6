"""A dump of the real TimescaleDB, as far as it can be had here.

The one of the tests has one session and no COPY FROM STDIN, so pg_dump can read from it, without a snapshot, and
nothing can be restored into it.
"""

from contextlib import closing
from io import BytesIO

import psycopg2
import pytest

from homelab_site.backups.archive import CHUNK, Dump, check
from homelab_site.backups.database import contents_of, major_of
from homelab_site.backups.programs import find_program
from telemetry.schema.runner import Connection
from tests.timescale_fixture import timescale, timescale_url  # noqa: F401 - fixtures


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

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import psycopg2
import pytest

from telemetry.schema.files import MigrationError
from telemetry.schema.runner import LOCK_KEY, Connection, apply_migrations, pending_migrations
from tests.telemetry.schema.conftest import Write


def labels_applied(database: Connection, directory: Path) -> list[str]:
    return [migration.label for migration in apply_migrations(database, directory)]


def value(database: Connection, query: str) -> object:
    with database.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        assert row
        return row[0]


def execute(database: Connection, statement: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def other(database_url: str) -> Iterator[Connection]:
    with closing(psycopg2.connect(database_url)) as connection:
        connection.autocommit = True
        yield connection


def test_pending_files_are_applied_in_order(database: Connection, directory: Path, write: Write) -> None:
    write(2, "room", "CREATE TABLE room (name text);")
    write(3, "kitchen", "INSERT INTO room VALUES ('kitchen');")
    assert labels_applied(database, directory) == ["001_bookkeeping", "002_room", "003_kitchen"]
    assert value(database, "SELECT name FROM room") == "kitchen"
    assert value(database, "SELECT array_agg(name ORDER BY version) FROM schema_migrations") == [
        "bookkeeping",
        "room",
        "kitchen",
    ]


def test_applying_again_changes_nothing(database: Connection, directory: Path, write: Write) -> None:
    write(2, "room", "CREATE TABLE room (name text);")
    apply_migrations(database, directory)
    before = value(database, "SELECT max(applied_at) FROM schema_migrations")
    assert labels_applied(database, directory) == []
    assert value(database, "SELECT max(applied_at) FROM schema_migrations") == before


def test_a_new_file_is_applied_alone(database: Connection, directory: Path, write: Write) -> None:
    apply_migrations(database, directory)
    write(2, "room", "CREATE TABLE room (name text);")
    assert labels_applied(database, directory) == ["002_room"]


def test_a_plan_writes_nothing(database: Connection, directory: Path) -> None:
    database.set_session(readonly=True, autocommit=True)
    assert [migration.label for migration in pending_migrations(database, directory)] == ["001_bookkeeping"]
    assert value(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_a_broken_file_leaves_nothing_of_itself(database: Connection, directory: Path, write: Write) -> None:
    write(2, "room", "CREATE TABLE room (name text);")
    write(3, "broken", "CREATE TABLE half (name text);\nINSERT INTO nowhere VALUES (1);")
    write(4, "after", "CREATE TABLE never (name text);")
    with pytest.raises(MigrationError, match=r'003_broken failed, .*: relation "nowhere" does not exist \(line 5\)'):
        apply_migrations(database, directory)
    assert value(database, "SELECT max(version) FROM schema_migrations") == 2
    assert value(database, "SELECT array_agg(relname) FROM pg_class WHERE relname IN ('room', 'half', 'never')") == [
        "room"
    ]


def test_a_mended_file_is_applied_after_it_failed(database: Connection, directory: Path, write: Write) -> None:
    write(2, "room", "CREATE TABLE room (name nonsense);")
    with pytest.raises(MigrationError):
        apply_migrations(database, directory)
    write(2, "room", "CREATE TABLE room (name text);")
    assert labels_applied(database, directory) == ["002_room"]


def test_a_failure_lets_go_of_the_lock(database: Connection, other: Connection, directory: Path, write: Write) -> None:
    write(2, "broken", "SELECT 1 / 0;")
    with pytest.raises(MigrationError, match="division by zero"):
        apply_migrations(database, directory)
    assert value(other, f"SELECT pg_try_advisory_lock({LOCK_KEY})") is True


def test_an_edited_file_is_refused_and_nothing_is_applied(database: Connection, directory: Path, write: Write) -> None:
    write(2, "room", "CREATE TABLE room (name text);")
    apply_migrations(database, directory)
    write(2, "room", "CREATE TABLE room (name text, size integer);")
    write(3, "after", "CREATE TABLE never (name text);")
    with pytest.raises(MigrationError, match=r"002_room\.sql is not the file that was; put its old content back"):
        apply_migrations(database, directory)
    assert value(database, "SELECT to_regclass('never')") is None


def test_a_renamed_file_is_refused(database: Connection, directory: Path, write: Write) -> None:
    old = write(2, "room", "")
    apply_migrations(database, directory)
    old.unlink()
    write(2, "chamber", "")
    with pytest.raises(MigrationError, match=r"002_room is applied .* 002_chamber\.sql is not the file that was"):
        apply_migrations(database, directory)


def test_a_file_that_is_gone_is_refused(database: Connection, directory: Path, write: Write) -> None:
    path = write(2, "room", "")
    apply_migrations(database, directory)
    path.unlink()
    with pytest.raises(MigrationError, match=r"002_room is applied .* its file is gone; put 002_room\.sql back"):
        apply_migrations(database, directory)


def test_a_file_applied_by_hand_is_refused(database: Connection, directory: Path, write: Write) -> None:
    apply_migrations(database, directory)
    execute(database, write(2, "room", "").read_text())
    with pytest.raises(MigrationError, match="002_room was applied by hand"):
        apply_migrations(database, directory)


def test_a_hole_in_what_is_applied_is_refused(database: Connection, directory: Path, write: Write) -> None:
    write(2, "room", "")
    write(3, "kitchen", "")
    apply_migrations(database, directory)
    execute(database, "DELETE FROM schema_migration_checksums WHERE version = 2")
    execute(database, "DELETE FROM schema_migrations WHERE version = 2")
    with pytest.raises(MigrationError, match="003_kitchen is applied to the database, but 002 is not"):
        apply_migrations(database, directory)


def test_two_runners_at_once_apply_a_file_once(
    database: Connection, other: Connection, directory: Path, write: Write
) -> None:
    write(2, "slow", "SELECT pg_sleep(0.3); CREATE TABLE room (name text);")
    with ThreadPoolExecutor() as pool:
        runs = pool.map(lambda connection: labels_applied(connection, directory), [database, other])
        assert sorted(runs) == [[], ["001_bookkeeping", "002_slow"]]


def test_a_runner_says_that_it_waits_for_another(database: Connection, other: Connection, directory: Path) -> None:
    execute(other, f"SELECT pg_advisory_lock({LOCK_KEY})")
    waiting = Event()
    with ThreadPoolExecutor() as pool:
        run = pool.submit(apply_migrations, database, directory, waiting=waiting.set)
        assert waiting.wait(30)
        assert not run.done()
        execute(other, f"SELECT pg_advisory_unlock({LOCK_KEY})")
        assert len(run.result(30)) == 1

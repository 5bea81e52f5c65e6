"""Applies the migration files to the telemetry database.

A file records itself in `schema_migrations`, whose columns other tools know. Its checksum is known only to the one
who runs it, so the runner keeps it in a table of its own, `schema_migration_checksums`, in the same transaction.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psycopg2
import psycopg2.extensions

from telemetry.schema.files import MigrationError, MigrationFile, read_migrations

Connection: TypeAlias = psycopg2.extensions.connection

LOCK_KEY = 0x686F6D656C6162
"""The key of PostgreSQL's advisory lock that one runner at a time holds; any number of our own."""
LOCK_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that the database has; without a checksum if it was not applied by the runner."""

    name: str
    sha256: str | None


def pending_migrations(connection: Connection, directory: Path) -> list[MigrationFile]:
    """Return the migrations that the database does not have yet, in order. Writes nothing.

    Raises MigrationError where the files are not in order, or are not those that were applied.
    """
    files = read_migrations(directory)
    applied = _applied(connection)
    _check_applied(files, applied)
    return files[len(applied) :]


def apply_migrations(
    connection: Connection,
    directory: Path,
    *,
    waiting: Callable[[], None] = lambda: None,
    applied: Callable[[MigrationFile], None] = lambda migration: None,
) -> list[MigrationFile]:
    """Apply the pending migrations in order, each in one transaction, and return them.

    `connection` is the owner's and has no transaction under way; it is left in autocommit mode. One runner at a
    time is at work: `waiting` is called once if another one is. `applied` is called after each file.

    Raises MigrationError like `pending_migrations`, and for a file that fails: those before it stay applied, and
    of it nothing does.
    """
    connection.autocommit = True
    read_migrations(directory)
    _lock(connection, waiting)
    try:
        pending = pending_migrations(connection, directory)
        for migration in pending:
            _apply(connection, migration)
            applied(migration)
        return pending
    finally:
        _unlock(connection)


def _lock(connection: Connection, waiting: Callable[[], None]) -> None:
    # Asked for again and again rather than waited for in the server, so that Ctrl-C ends the wait.
    if _try_lock(connection):
        return
    waiting()
    while not _try_lock(connection):
        time.sleep(LOCK_POLL_SECONDS)


def _try_lock(connection: Connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
        return cursor.fetchone() == (True,)


def _unlock(connection: Connection) -> None:
    if connection.closed:
        return  # the lock has gone with it
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def _applied(connection: Connection) -> dict[int, Applied]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.schema_migrations') IS NULL")
        if cursor.fetchone() == (True,):
            return {}
        cursor.execute(
            "SELECT version, name, sha256 FROM public.schema_migrations"
            " LEFT JOIN public.schema_migration_checksums USING (version) ORDER BY version"
        )
        return {version: Applied(name, sha256) for version, name, sha256 in cursor.fetchall()}


def _check_applied(files: Sequence[MigrationFile], applied: Mapping[int, Applied]) -> None:
    for expected, (version, migration) in enumerate(applied.items(), start=1):
        label = f"{version:03}_{migration.name}"
        if version != expected:
            raise MigrationError(
                f"{label} is applied to the database, but {expected:03} is not; restore the database's record of it."
            )
        if version > len(files):
            raise MigrationError(f"{label} is applied to the database, but its file is gone; put {label}.sql back.")
        if migration.sha256 is None:
            raise MigrationError(
                f"{label} was applied by hand, so nobody knows with which content; record the SHA-256 of the file "
                "that was in schema_migration_checksums."
            )
        if migration.sha256 != files[version - 1].sha256:
            raise MigrationError(
                f"{label} is applied to the database, but {files[version - 1].label}.sql is not the file that was; "
                f"put its old content back, and make the change in a new migration."
            )


def _apply(connection: Connection, migration: MigrationFile) -> None:
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path TO public")
            cursor.execute(migration.sql)
            cursor.execute(
                "INSERT INTO schema_migration_checksums (version, sha256) VALUES (%s, %s)",
                [migration.version, migration.sha256],
            )
    except psycopg2.Error as error:
        raise MigrationError(
            f"{migration.label} failed, and nothing of it is applied: {_reason(error, migration)}"
        ) from error


def _reason(error: psycopg2.Error, migration: MigrationFile) -> str:
    """Say what PostgreSQL found wrong, in which line of the file if it says so, and its hint."""
    reason = (error.diag.message_primary or str(error)).strip()
    if error.diag.statement_position:
        line = migration.sql.count("\n", 0, int(error.diag.statement_position)) + 1
        reason = f"{reason} (line {line})"
    return f"{reason}. {error.diag.message_hint}" if error.diag.message_hint else reason

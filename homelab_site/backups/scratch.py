"""Scratch databases beside the real one: a restore is made and checked in one before anything is replaced."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import sql
from psycopg2.errors import ObjectInUse
from psycopg2.extensions import connection, make_dsn

from homelab_site.backups.database import MAINTENANCE, connect, execute, name_of

ATTEMPTS = 10
LEAVE_MILLISECONDS = 5_000


@contextmanager
def scratch_database(url: str, suffix: str) -> Iterator[str]:
    """Give the URL of a new, empty database on the same server, which is dropped at the end.

    Its name is always the same, so that what a killed run left is gone with the next one.
    """
    name = f"{name_of(url)}_{suffix}"
    _drop(url, name)
    with connect(url, database=MAINTENANCE) as server:
        _run(server, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    try:
        yield make_dsn(url, dbname=name)
    finally:
        _drop(url, name)


def exists(url: str) -> bool:
    with connect(url, database=MAINTENANCE) as server:
        return bool(execute(server, "SELECT 1 FROM pg_database WHERE datname = %s", name_of(url)))


def put_in_place(url: str, scratch_url: str, keep_as: str) -> None:
    """Give the name of a database to a scratch one, and call what had it, if anything did, `keep_as`.

    Both names change in one transaction; whoever is connected to either is cut off.
    """
    name, scratch = name_of(url), name_of(scratch_url)
    renames = [(name, keep_as)] if exists(url) else []
    with connect(url, database=MAINTENANCE) as server:
        server.autocommit = False
        for attempt in range(ATTEMPTS):
            try:
                with server:
                    _cut_off(server, name, scratch)
                    for old, new in (*renames, (scratch, name)):
                        _run(server, "ALTER DATABASE {} RENAME TO {}", old, new)
            except ObjectInUse:  # somebody was quick to come back
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return


def _drop(url: str, name: str) -> None:
    with connect(url, database=MAINTENANCE) as server:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _cut_off(server: connection, *names: str) -> None:
    query = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = ANY(%s)"
    execute(server, query, LEAVE_MILLISECONDS, list(names))


def _run(server: connection, statement: str, *names: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

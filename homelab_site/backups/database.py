"""What a database holds, and what its server has: asked over a connection of its owner's."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, connection, make_dsn, parse_dsn

from homelab_site.backups.description import Contents
from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import CONNECT_SECONDS

MAINTENANCE = "postgres"
"""The database that every server has, to be in while another one is made, renamed or dropped."""

# Neither PostgreSQL's own tables nor an extension's, nor parts of a table, which are counted with the whole.
TABLES = """
    SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence <> 't'
    AND nspname NOT IN ('pg_catalog', 'information_schema', '_timescaledb_internal')
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )
    ORDER BY nspname, relname
"""
# The server's first login is in no such dependency; its privileges are never granted.
ROLES = """
    SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' AND oid IN (
        SELECT refobjid FROM pg_shdepend
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND refclassid = 'pg_authid'::regclass AND deptype IN ('a', 'r')
    ) ORDER BY rolname
"""


@contextmanager
def connect(url: str, *, database: str | None = None) -> Iterator[connection]:
    """Give a connection in autocommit mode, to another database of the same server if one is named.

    Trouble on it is a BackupError.
    """
    dsn = make_dsn(url, dbname=database) if database else url
    try:
        with closing(
            psycopg2.connect(dsn, connect_timeout=CONNECT_SECONDS, application_name="homelab-backup")
        ) as opened:
            opened.autocommit = True
            yield opened
    except psycopg2.Error as error:
        raise BackupError(f"The database {name_of(dsn)} cannot be used: {' '.join(str(error).split())}.") from error


def name_of(url: str) -> str:
    parts = parse_dsn(url)
    return str(parts.get("dbname") or parts.get("user") or MAINTENANCE)


def major_of(server: connection) -> int:
    """Return the first number of the server's version."""
    return server.server_version // 10_000


@contextmanager
def snapshot(database: connection) -> Iterator[str]:
    """Hold the database still for this connection, and for the others that are given the returned name."""
    database.set_session(ISOLATION_LEVEL_REPEATABLE_READ, readonly=True, autocommit=False)
    execute(database, "SET LOCAL idle_in_transaction_session_timeout = 0")
    [(name,)] = execute(database, "SELECT pg_export_snapshot()")
    yield name
    database.rollback()


def contents_of(database: connection) -> Contents:
    """Read what a database holds. Raises BackupError for one that no migration has made."""
    [(server,)] = execute(database, "SHOW server_version")
    return Contents(
        server=server.split()[0],
        extensions=dict(execute(database, "SELECT extname, extversion FROM pg_extension ORDER BY extname")),
        migrations=migrations_of(database),
        roles=[role for (role,) in execute(database, ROLES)],
        rows=count_rows(database),
    )


def migrations_of(database: connection) -> list[str]:
    queries = {
        "schema_migrations": "SELECT to_char(version, 'FM000_') || name FROM schema_migrations ORDER BY version",
        "django_migrations": "SELECT app || '.' || name FROM django_migrations ORDER BY id",
    }
    for table, query in queries.items():
        if execute(database, "SELECT to_regclass(%s) IS NOT NULL", table) == [(True,)]:
            return [label for (label,) in execute(database, query)]
    raise BackupError(f"The database {database.info.dbname} has no record of migrations; is it the right one?")


def count_rows(database: connection) -> dict[str, int]:
    """Return the number of rows of each table, by the table's name with its schema."""
    counts = {}
    for schema, table in execute(database, TABLES):
        with database.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table)))
            [(counts[f"{schema}.{table}"],)] = cursor.fetchall()
    return counts


def execute(database: connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchall() if cursor.description else []

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings as site_settings

from homelab_site.stack.services import Postgres
from telemetry.schema.runner import Connection
from tests.timescale_fixture import timescale, timescale_url  # noqa: F401 - fixtures

BOOKKEEPING = "001_bookkeeping.sql"

Write = Callable[[int, str, str], Path]


@contextmanager
def new_database(postgres: Postgres) -> Iterator[str]:
    """Give the URL of a new database on plain PostgreSQL, for its owner."""
    name = f"schema_{uuid4().hex[:12]}"
    with closing(psycopg2.connect(postgres.url("postgres"))) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            yield postgres.url(name)
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    with new_database(postgres) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Connection]:
    """A connection to a new database, which is empty."""
    with closing(psycopg2.connect(database_url)) as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture(params=["telemetry", "timescale"])
def flavour(request: pytest.FixtureRequest) -> Connection:
    """A connection to a database with the schema and empty tables: plain PostgreSQL, then TimescaleDB."""
    connection: Connection = request.getfixturevalue(request.param)
    return connection


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the first migration, on which every other builds."""
    content = (site_settings.TELEMETRY_MIGRATIONS_DIR / BOOKKEEPING).read_bytes()
    (tmp_path / BOOKKEEPING).write_bytes(content)
    return tmp_path


@pytest.fixture
def write(directory: Path) -> Write:
    """Write a migration with a right header and a right end: number, name, statements."""

    def write(version: int, name: str, statements: str) -> Path:
        path = directory / f"{version:03}_{name}.sql"
        path.write_text(
            f"-- Migration: {version:03}_{name}\n-- Description: For a test.\n\n{statements}\n\n"
            f"INSERT INTO schema_migrations (version, name) VALUES ({version}, '{name}');\n"
        )
        return path

    return write

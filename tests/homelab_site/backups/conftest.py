from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import psycopg2
import pytest
from django.conf import settings as site_settings
from django.core.management import call_command
from moto.server import ThreadedMotoServer
from psycopg2 import sql
from pytest_django import Settings

from homelab_site.backups.database import connect, execute, name_of
from homelab_site.stack.services import Postgres
from telemetry.schema.runner import apply_migrations

READINGS = 1_000
PASSWORD = "correct-horse-battery"


@dataclass(frozen=True, slots=True)
class House:
    """A database of telemetry of the test's own, and the commands about it."""

    url: str

    @property
    def name(self) -> str:
        return name_of(self.url)

    def run(self, command: str, *arguments: str) -> str:
        out = StringIO()
        call_command(command, "telemetry", *arguments, stdout=out)
        return out.getvalue()

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with connect(self.url) as database:
            return execute(database, query)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3 server."""

    name: str

    @property
    def url(self) -> str:
        return f"s3://{self.name}/house"

    def listed(self) -> list[str]:
        return [found["Key"] for found in self._client().list_objects_v2(Bucket=self.name).get("Contents", [])]

    def uploads(self) -> list[object]:
        """Return the multipart uploads that have neither ended nor been aborted."""
        return list(self._client().list_multipart_uploads(Bucket=self.name).get("Uploads", []))

    def overwrite(self, key: str, content: bytes) -> None:
        self._client().put_object(Bucket=self.name, Key=key, Body=content)

    def make(self) -> None:
        self._client().create_bucket(Bucket=self.name)

    @staticmethod
    def _client() -> Any:
        return boto3.client("s3")


@pytest.fixture(scope="module")
def template(postgres: Postgres) -> Iterator[str]:
    """The name of a database with the schema and readings, to be copied."""
    name = f"telemetry_{uuid4().hex[:12]}"
    with closing(psycopg2.connect(postgres.url("postgres"))) as admin:
        admin.autocommit = True
        _run(admin, "CREATE DATABASE {}", name)
        with closing(psycopg2.connect(postgres.url(name))) as connection:
            apply_migrations(connection, site_settings.TELEMETRY_MIGRATIONS_DIR)
            _store_readings(connection)
        yield name
        _run(admin, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture
def house(postgres: Postgres, template: str, settings: Settings, db: None) -> Iterator[House]:
    name = f"house_{uuid4().hex[:12]}"
    with closing(psycopg2.connect(postgres.url("postgres"))) as admin:
        admin.autocommit = True
        _run(admin, "CREATE DATABASE {} TEMPLATE {}", name, template)
        url = postgres.url(name).replace("postgres@", f"postgres:{PASSWORD}@", 1)
        settings.TELEMETRY_OWNER_URL = url
        yield House(url)
        with admin.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name])
            left = [database for (database,) in cursor.fetchall()]
        for database in left:
            _run(admin, "DROP DATABASE {} WITH (FORCE)", database)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, to which the environment leads."""
    variables = {
        "AWS_ENDPOINT_URL_S3": s3_server,
        "AWS_ACCESS_KEY_ID": "house",
        "AWS_SECRET_ACCESS_KEY": "of-no-use",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = Bucket(f"bucket-{uuid4().hex[:12]}")
    made.make()
    return made


@pytest.fixture(params=["directory", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where backups go, as a command's argument: a directory, then a bucket."""
    if request.param == "directory":
        return str(tmp_path / "backups")
    made: Bucket = request.getfixturevalue("bucket")
    return made.url


def _store_readings(connection: psycopg2.extensions.connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO energy_consumption (time, device_serial, active_power_total, active_energy_total)"
            " SELECT '2026-11-01T00:00:00Z'::timestamptz + n * interval '10 s', 'attic', n, n * 3"
            " FROM generate_series(1, %s) AS n",
            [READINGS],
        )
        cursor.execute("SELECT refresh_rollups()")


def _run(admin: psycopg2.extensions.connection, statement: str, *names: str) -> None:
    with admin.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

"""A real TimescaleDB for tests: the extension itself, on PostgreSQL compiled to WebAssembly (see timescale/server.mjs).

It serves one client at a time. The next one waits until that has closed its connection, and gives up after
CONNECT_SECONDS: a test holds one connection, and nothing else reads beside it. Policies exist but do not run by
themselves; a test calls `run_job` or `refresh_continuous_aggregate`.
"""

import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from telemetry.schema.runner import apply_migrations
from tests.alone import alone_in
from tests.lacking import lacks

DIRECTORY = Path(__file__).resolve().parent / "timescale"
START_SECONDS = 120.0
CONNECT_SECONDS = 10


@pytest.fixture(scope="session")
def timescale_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a TimescaleDB, for its owner, with the schema of the telemetry database."""
    with empty_timescale(tmp_path_factory.mktemp("timescale")) as url:
        with closing(psycopg2.connect(url)) as connection:
            apply_migrations(connection, settings.TELEMETRY_MIGRATIONS_DIR)
        yield url


@contextmanager
def empty_timescale(directory: Path) -> Iterator[str]:
    """Start a server in whose one database nothing is, not even the extension, and give its URL."""
    node = _program("node")
    _install()
    log = directory / "server.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [node, str(DIRECTORY / "server.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        ) as server,
    ):
        try:
            port = _port(server, log)
            yield f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres?sslmode=disable&connect_timeout={CONNECT_SECONDS}"
        finally:
            server.kill()


@pytest.fixture
def timescale(timescale_url: str) -> Iterator[psycopg2.extensions.connection]:
    """An owner's connection to TimescaleDB, whose tables are empty."""
    with closing(psycopg2.connect(timescale_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE energy_consumption, heatpump_status, temperature_sensors")
        yield connection


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        lacks(f"{name} is not installed: the TimescaleDB tests need Node.js 18 or newer with npm (nodejs.org)")
    return path


@alone_in(DIRECTORY)
def _install() -> None:
    """Install the pinned package unless the one of this lock file is there."""
    installed, lock = DIRECTORY / "node_modules" / ".package-lock.json", DIRECTORY / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [_program("npm"), "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=DIRECTORY, capture_output=True, text=True, check=False)
    if done.returncode:
        lacks(f"npm cannot install what the TimescaleDB tests need: {done.stderr.strip()}")


def _port(server: subprocess.Popen[bytes], log: Path) -> int:
    """Wait for the line `ready PORT`."""
    assert server.stdout
    readable, _, _ = select.select([server.stdout], [], [], START_SECONDS)
    line = server.stdout.readline().decode() if readable else ""
    if not line.startswith("ready "):
        pytest.fail(f"the TimescaleDB server did not start within {START_SECONDS:.0f} s: {log.read_text()}")
    return int(line.removeprefix("ready "))

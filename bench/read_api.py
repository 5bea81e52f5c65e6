"""How long the read API takes, beside the bare SQL: `python -m bench.read_api`.

Fills a database server of its own with 90 days of readings at 1 Hz and five years of quarters, asks each endpoint in
this process, and runs the same statements bare, with their rows encoded as JSON. Needs about 3 GB and some minutes.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import msgspec
import psycopg2

from homelab_site.stack.services import Postgres, Valkey

ROUNDS = 21
LATEST_LIMIT_MS = 5.0
LIMIT_MS = 60.0

READINGS = """
    INSERT INTO energy_consumption (time, device_serial, active_power_total, active_power_l1, active_power_l2,
        active_power_l3, active_energy_total, voltage_l1, voltage_l2, voltage_l3)
    SELECT date_trunc('second', now()) - (90 * 86400 - n) * interval '1 second', 'meter', 1000 + n % 500, 300, 300, 400,
        20000000 + n / 3, 230, 231, 232
    FROM generate_series(1::bigint, 90 * 86400) AS n
"""
OLDER_QUARTERS = """
    INSERT INTO counter_quarters
    SELECT 'energy', 'meter', q, 300, 900, 900, q, 0, false, q + interval '899 seconds', 299, 299, 899, true
    FROM generate_series(quarter_of(now()) - interval '5 years',
        (SELECT min(quarter) FROM counter_quarters) - interval '15 minutes', interval '15 minutes') AS q
"""
OLDER_POWER = """
    INSERT INTO power_quarters
    SELECT 'meter', q, 900, 1250, 900, 300, 900, 300, 900, 400, 900, 1500
    FROM generate_series(quarter_of(now()) - interval '5 years',
        (SELECT min(quarter) FROM power_quarters) - interval '15 minutes', interval '15 minutes') AS q
"""


MARK = """
    INSERT INTO rollup_marks (series, device, quarter) SELECT 'energy_consumption', 'meter', quarter_of(now())
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    path: str
    limit_ms: float = LIMIT_MS


@dataclass
class Measured:
    """Medians in milliseconds."""

    whole: float
    database: float
    bare: float


def endpoints(now: datetime) -> list[Endpoint]:
    def since(**back: float) -> str:
        return (now - timedelta(**back)).strftime("%Y-%m-%dT%H:%M:%SZ")

    energy = "/api/v1/energy"
    return [
        Endpoint("latest", f"{energy}/latest", LATEST_LIMIT_MS),
        Endpoint("latest of a meter", f"{energy}/latest?device_serial=meter", LATEST_LIMIT_MS),
        Endpoint("this hour", f"{energy}/hourly-total"),
        Endpoint("24 hours", f"{energy}/history?from={since(hours=24)}"),
        Endpoint("31 days of hours", f"{energy}/history?from={since(days=31)}"),
        Endpoint("31 days", f"{energy}/daily-summary?from={since(days=31)}"),
        Endpoint("12 months", f"{energy}/monthly-summary?from={since(days=365)}"),
        Endpoint("5 years of days", f"{energy}/daily-summary?from={since(days=5 * 365)}"),
        Endpoint("5 years of months", f"{energy}/monthly-summary?from={since(days=5 * 365)}"),
        Endpoint("5 years", f"{energy}/yearly-summary?from={since(days=5 * 365)}"),
    ]


@contextmanager
def filled_database() -> Iterator[None]:
    """Start a database server with years in it, and Django with the variables that lead to it."""
    with tempfile.TemporaryDirectory(prefix="homelab-bench-", ignore_cleanup_errors=True) as directory:
        services = [Postgres(Path(directory) / "postgresql"), Valkey(Path(directory) / "valkey")]
        static = Path(directory) / "static"
        static.mkdir()
        try:
            for service in services:
                service.start()
                os.environ.update(service.environment())
            os.environ.update(SECRET_KEY="bench", HTTPS="false", STATIC_ROOT=str(static))  # noqa: S106
            os.environ.update(API_DEVELOPMENT_TOKEN="bench", DJANGO_SETTINGS_MODULE="homelab_site.settings")  # noqa: S106
            os.environ.update(HOMELAB_DATA_DIR=directory, LOG_LEVEL="ERROR")
            django.setup()
            fill(os.environ["TELEMETRY_OWNER_DATABASE_URL"])
            yield
        finally:
            for service in services:
                service.stop()


def fill(url: str) -> None:
    from django.core.management import call_command  # noqa: PLC0415 - only after django.setup()

    call_command("migrate", verbosity=0)
    call_command("migrate_telemetry", stdout=sys.stderr)
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    for what, statement in (
        ("90 days at 1 Hz", READINGS),
        ("their rollups", "SELECT refresh_rollups()"),
        ("quarters of five years", OLDER_QUARTERS),
        ("power of five years", OLDER_POWER),
        ("days", "SELECT store_days('energy', 'meter', min(quarter), max(quarter)) FROM counter_quarters"),
        ("statistics", "VACUUM ANALYZE"),
        ("a quarter that is under way", MARK),
    ):
        began = time.monotonic()
        cursor.execute(statement)
        say(f"made {what} in {time.monotonic() - began:.0f} s")
    connection.close()


def measure(get: Callable[[str], Any], path: str) -> Measured:
    """Ask an endpoint again and again, and run what it asked the database bare."""
    from django.db import connections  # noqa: PLC0415 - only after django.setup()

    whole, database = [], []
    asked: list[tuple[str, Any]] = []

    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append(time.perf_counter() - began)
            asked.append((sql, params))

    # A new connection brings a wrapper of its own, which would take this one's place.
    connections["telemetry"].ensure_connection()
    for _ in range(ROUNDS):
        spent: list[float] = []
        asked.clear()
        began = time.perf_counter()
        with connections["telemetry"].execute_wrapper(timed):
            response = get(path)
        whole.append(time.perf_counter() - began)
        database.append(sum(spent))
        assert response.status_code == 200, (path, response.content)
    return Measured(_median(whole), _median(database), bare(asked))


def bare(asked: list[tuple[str, Any]]) -> float:
    """Return the median of running statements with a cursor and encoding their rows."""
    from django.db import connections  # noqa: PLC0415 - only after django.setup()

    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with connections["telemetry"].cursor() as cursor:
            for sql, params in asked:
                cursor.execute(sql, params)
                msgspec.json.encode(cursor.fetchall())
        spent.append(time.perf_counter() - began)
    return _median(spent)


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    failed = 0
    with filled_database():
        from django.test import Client  # noqa: PLC0415 - only after django.setup()

        client = Client(SERVER_NAME="localhost", headers={"Authorization": "Bearer bench"})
        say(f"\nmedian ms of {ROUNDS}")
        say(f"{'endpoint':<20}{'database':>10}{'whole':>10}{'bare':>10}{'ratio':>8}{'limit':>9}")
        for endpoint in endpoints(datetime.now(UTC)):
            got = measure(client.get, endpoint.path)
            kept = got.database < endpoint.limit_ms
            failed += not kept
            say(
                f"{endpoint.name:<20}{got.database:>10.2f}{got.whole:>10.2f}{got.bare:>10.2f}"
                f"{got.whole / got.bare:>8.2f}{endpoint.limit_ms:>9.0f}{'' if kept else '   too slow'}"
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

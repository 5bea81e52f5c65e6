"""How long the read API takes, beside a bare Django view: `python -m bench.read_api`.

Fills a database server of its own with 90 days of readings at 1 Hz and five years of quarters, asks each endpoint in
this process, and then both the site and a bare site that runs the same statements, each served by daphne. Needs about
3 GB and some minutes.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2

from bench.asking import Server
from bench.processes import running
from bench.report import Target, conclude, say, say_table
from bench.services import TOKEN, running_services
from homelab_site.stack.child import free_port

ROUNDS = 21
SERVED_ROUNDS = 3
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


def fill(url: str) -> None:
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


@dataclass
class Asked:
    """What an endpoint took in this process, in milliseconds at the median, and what it asked the database."""

    whole: float
    database: float
    statements: list[str]


def ask(get: Callable[[str], Any], path: str) -> Asked:
    """Ask an endpoint again and again."""
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
    with connections["telemetry"].cursor() as cursor:
        statements = [cursor.mogrify(sql, params).decode() for sql, params in asked]
    return Asked(_median(whole), _median(database), statements)


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint and its bare view, each by daphne: requests a second, and milliseconds at the median."""

    rate: float
    bare_rate: float
    ms: float
    bare_ms: float


@contextmanager
def serving(application: str, directory: Path, headers: Mapping[str, str], **environment: str) -> Iterator[Server]:
    port = free_port()
    argv = (sys.executable, "-m", "daphne", "--verbosity", "0", "--bind", "127.0.0.1", "--port", str(port), application)
    with running(application.partition(":")[0], argv, directory, **environment) as child:
        child.wait_for_port(port, 60)
        yield Server(port, headers)


def serve(directory: Path, paths: list[str], statements: list[list[str]]) -> list[Served]:
    """Ask both servers for each endpoint, in turns."""
    file = directory / "statements.json"
    file.write_text(json.dumps(statements))
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with (
        serving("homelab_site.asgi:application", directory, bearer, API_REQUESTS_PER_MINUTE="1000000") as ours,
        serving("bench.bare_site:application", directory, {}, BENCH_STATEMENTS=str(file)) as bare,
    ):
        return [_served(ours, bare, path, f"/{number}") for number, path in enumerate(paths)]


def _served(ours: Server, bare: Server, path: str, bare_path: str) -> Served:
    turns = []
    for _ in range(SERVED_ROUNDS):
        rates = bare.rate(bare_path), ours.rate(path)
        turns.append((*rates, bare.median_ms(bare_path), ours.median_ms(path)))
    bare_rate, rate, bare_ms, ms = map(statistics.median, zip(*turns, strict=True))
    return Served(rate, bare_rate, ms, bare_ms)


def main() -> int:
    with running_services() as services:
        from django.test import Client  # noqa: PLC0415 - only after django.setup()

        fill(services.postgres.url("telemetry"))
        client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {TOKEN}"})
        asked_for = endpoints(datetime.now(UTC))
        asked = [ask(client.get, endpoint.path) for endpoint in asked_for]
        paths = [endpoint.path for endpoint in asked_for]
        served = serve(services.directory, paths, [one.statements for one in asked])
    say_table(
        ("endpoint", "database ms", "in process ms", "served ms", "bare ms", "served/s", "bare/s", "ratio"),
        [
            (
                endpoint.name,
                *(f"{ms:.2f}" for ms in (one.database, one.whole, of.ms, of.bare_ms)),
                *(f"{rate:.0f}" for rate in (of.rate, of.bare_rate)),
                f"{of.rate / of.bare_rate:.2f}",
            )
            for endpoint, one, of in zip(asked_for, asked, served, strict=True)
        ],
    )
    return conclude(list(targets(asked_for, asked, served)))


def targets(asked_for: list[Endpoint], asked: list[Asked], served: list[Served]) -> Iterator[Target]:
    for endpoint, one, of in zip(asked_for, asked, served, strict=True):
        yield Target(what=f"{endpoint.name}: database, ms", measured=one.database, at_most=endpoint.limit_ms)
        yield Target(what=f"{endpoint.name}: rate, of the bare view's", measured=of.rate / of.bare_rate, at_least=0.4)
        if endpoint.limit_ms == LATEST_LIMIT_MS:
            yield Target(what=f"{endpoint.name}: ms beyond the bare view", measured=of.ms - of.bare_ms, at_most=3.0)


if __name__ == "__main__":
    sys.exit(main())

"""Time and disk as what is stored grows: `python -m bench.growth --days 1 10 100 [--timescale 1 10]`.

A server of its own gets that many days of one meter at 1 Hz, in steps, made by SQL with all the columns of a real
meter. After each step it asks the read API in this process, and lets the sink store some batches more. With
`--timescale` the same statements go to the real TimescaleDB, compiled to WebAssembly, whose times say nothing of a
machine's own and whose sizes do. Thirty days are 550 MiB, and took four minutes beside other work.
"""

import statistics
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg2

from bench.read_api import Asked, ask, endpoints
from bench.readings import SERIAL, values
from bench.report import say, say_table
from bench.services import TOKEN, running_services
from bridge.messages import Topic
from tests.telemetry.sink.records import TakenRecord

READINGS = """
    INSERT INTO energy_consumption (time, device_serial, meter_type, wifi_rssi, active_power_total, active_power_l1,
        active_power_l2, active_power_l3, active_production_total, active_energy_total, active_energy_production,
        voltage_l1, voltage_l2, voltage_l3, current_l1, current_l2, current_l3, power_factor)
    SELECT date_trunc('second', %(end)s::timestamptz) - ago * interval '1 second', 'meter', 'AIDON_V0001',
        -60 - n %% 7, 900 + p, 300 + p / 3, 300 + p / 3, 300 + p / 3, 0, 20000000 + n * 10 / 36, 1250,
        230 + n %% 31 / 10.0, 231 + n %% 29 / 10.0, 229 + n %% 23 / 10.0, 1300 + p * 4, 1310 + p * 4, 1290 + p * 4,
        95 + n %% 40 / 10.0
    FROM generate_series(%(from_ago)s::bigint, %(to_ago)s + 1, -1) AS ago,
        LATERAL (SELECT 8640000 - ago AS n) AS numbered,
        LATERAL (SELECT (hashint8(n / 20) & 1023)::integer + n %% 13 AS p) AS loads
"""
"""Power that jumps every twenty seconds and flickers in between, a counter, and voltages that wander."""
DAY = 86_400
STEP_DAYS = 10
BATCHES, BATCH_ROWS = 20, 1_000
ROLLUPS = ("counter_quarters", "counter_days", "power_quarters")
ROUNDS = 11
MIB = 2**20


@dataclass
class Size:
    """What so many days take: MiB of rows, of their indexes and of rollups; seconds; milliseconds of each question."""

    days: int
    rows_mib: float = 0
    indexes_mib: float = 0
    rollups_mib: float = 0
    compressed_mib: float = 0
    sink_rows: float = 0
    refresh_ms: float = 0
    asked: dict[str, float] = field(default_factory=dict)


def fill(cursor: psycopg2.extensions.cursor, end: datetime, days: int, more: int) -> None:
    """Put days before those that are there, and store what they add up to."""
    began = time.monotonic()
    edges = [*range(days, more, STEP_DAYS), more]
    for newer, older in pairwise(edges):
        cursor.execute(READINGS, {"end": end, "from_ago": older * DAY, "to_ago": newer * DAY})
        cursor.execute("SELECT refresh_rollups()")
    cursor.execute("VACUUM ANALYZE energy_consumption")
    say(f"made {more - days} days in {time.monotonic() - began:.0f} s")


def measure_disk(cursor: psycopg2.extensions.cursor, size: Size) -> None:
    cursor.execute("SELECT pg_table_size('energy_consumption'), pg_indexes_size('energy_consumption')")
    rows, indexes = cursor.fetchone() or (0, 0)
    cursor.execute("SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s) AS name", [list(ROLLUPS)])
    rollups = (cursor.fetchone() or (0,))[0]
    size.rows_mib, size.indexes_mib, size.rollups_mib = rows / MIB, indexes / MIB, float(rollups) / MIB


def measure_sink(url: str, cursor: psycopg2.extensions.cursor, end: datetime, size: Size) -> None:
    """Let the sink's own code add batches after the newest reading, then store the rollups, and take both back."""
    from telemetry.sink.store import Store  # noqa: PLC0415 - only after django.setup()

    records = list(_records(values(BATCHES * BATCH_ROWS, end - timedelta(seconds=BATCHES * BATCH_ROWS))))
    with closing(Store(url)) as store:
        store.write(records[:1])  # connects
        began = time.monotonic()
        for at in range(1, len(records), BATCH_ROWS):
            store.write(records[at : at + BATCH_ROWS])
        size.sink_rows = (len(records) - 1) / (time.monotonic() - began)
    cursor.execute("TRUNCATE rollup_marks")
    cursor.execute(
        "INSERT INTO rollup_marks (series, device, quarter) SELECT 'energy_consumption', 'meter', quarter_of(%s)", [end]
    )
    began = time.monotonic()
    cursor.execute("SELECT refresh_rollups()")
    size.refresh_ms = (time.monotonic() - began) * 1000
    cursor.execute("DELETE FROM energy_consumption WHERE device_serial = %s", [SERIAL])
    cursor.execute("TRUNCATE rollup_marks")
    cursor.execute("VACUUM ANALYZE energy_consumption")


def _records(messages: Iterable[bytes]) -> Iterator[TakenRecord]:
    for offset, value in enumerate(messages):
        yield TakenRecord(Topic.ENERGY.value, offset, value)


def measure_plain(steps: list[int]) -> dict[str, Asked]:
    """Print what each number of days takes on PostgreSQL; return what was asked of the last."""
    sizes: list[Size] = []
    asked: dict[str, Asked] = {}
    before, end = 0, datetime.now(UTC)
    with running_services() as services:
        from django.test import Client  # noqa: PLC0415 - only after django.setup()

        client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {TOKEN}"})
        url = services.postgres.url("telemetry")
        with session(url) as cursor:
            for days in steps:
                fill(cursor, end, before, days)
                before, size = days, Size(days)
                measure_disk(cursor, size)
                measure_sink(url, cursor, end, size)
                asked = {one.name: ask(client.get, one.path) for one in endpoints(end)}
                size.asked = {name: one.database for name, one in asked.items()}
                sizes.append(size)
                report("PostgreSQL", sizes)
    return asked


def measure_timescale(steps: list[int], asked: dict[str, Asked]) -> None:
    """Print what each number of days takes on TimescaleDB, with all chunks compressed."""
    from django.conf import settings  # noqa: PLC0415 - only after django.setup()

    from telemetry.schema.runner import apply_migrations  # noqa: PLC0415
    from tests.timescale_fixture import empty_timescale  # noqa: PLC0415 - needs Node

    sizes: list[Size] = []
    before, end = 0, datetime.now(UTC)
    with tempfile.TemporaryDirectory() as name, empty_timescale(Path(name)) as url:
        with closing(psycopg2.connect(url)) as connection:
            apply_migrations(connection, settings.TELEMETRY_MIGRATIONS_DIR)
        with session(url) as cursor:
            for days in steps:
                fill(cursor, end, before, days)
                before, size = days, Size(days)
                measure_hypertable(cursor, size)
                size.asked = {name: _median_ms(cursor, one.statements) for name, one in asked.items()}
                sizes.append(size)
                report("TimescaleDB", sizes)


def measure_hypertable(cursor: psycopg2.extensions.cursor, size: Size) -> None:
    """Measure the readings as they came, and then compressed."""
    cursor.execute(
        "SELECT table_bytes + coalesce(toast_bytes, 0), index_bytes FROM hypertable_detailed_size('energy_consumption')"
    )
    rows, indexes = cursor.fetchone() or (0, 0)
    cursor.execute("SELECT compress_chunk(c) FROM show_chunks('energy_consumption') c")
    cursor.execute("SELECT hypertable_size('energy_consumption')")
    compressed = (cursor.fetchone() or (0,))[0]
    cursor.execute("SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s) AS name", [list(ROLLUPS)])
    rollups = (cursor.fetchone() or (0,))[0]
    size.rows_mib, size.indexes_mib = rows / MIB, indexes / MIB
    size.compressed_mib, size.rollups_mib = compressed / MIB, float(rollups) / MIB


def _median_ms(cursor: psycopg2.extensions.cursor, queries: list[str]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for query in queries:
            cursor.execute(query)
            cursor.fetchall()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


@contextmanager
def session(url: str) -> Iterator[psycopg2.extensions.cursor]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def report(title: str, sizes: list[Size]) -> None:
    compressed = any(one.compressed_mib for one in sizes)
    say_table(
        (title, *(f"{one.days} days" for one in sizes)),
        [
            ("readings, MiB", *(f"{one.rows_mib:.0f}" for one in sizes)),
            ("their indexes, MiB", *(f"{one.indexes_mib:.0f}" for one in sizes)),
            *([("all of it compressed, MiB", *(f"{one.compressed_mib:.0f}" for one in sizes))] if compressed else []),
            ("rollups, MiB", *(f"{one.rollups_mib:.1f}" for one in sizes)),
            *([] if compressed else [("sink, rows/s", *(f"{one.sink_rows:.0f}" for one in sizes)),
                                     ("rollup of a minute, ms", *(f"{one.refresh_ms:.0f}" for one in sizes))]),
            *((f"{name}, ms", *(f"{one.asked[name]:.2f}" for one in sizes)) for name in sizes[0].asked),
        ],
    )  # fmt: skip


def main() -> int:
    parser = ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--timescale", type=int, nargs="*", default=[1, 10])
    options = parser.parse_args()
    asked = measure_plain(options.days)
    if options.timescale:
        measure_timescale(options.timescale, asked)
    return 0


if __name__ == "__main__":
    sys.exit(main())

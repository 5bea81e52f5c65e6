"""However large the tables grow, the newest reading is a probe of an index."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

TABLES = ("energy_consumption", "heatpump_status", "temperature_sensors", "temperature_hours")
LATEST: list[tuple[str, dict[str, str]]] = [
    ("energy/latest", {}),
    ("energy/latest", {"device_serial": "device 3"}),
    ("heatpump/latest", {}),
    ("heatpump/latest", {"device_id": "device 3"}),
    ("temperature/latest", {"location": "room 3"}),
    ("temperature/all-latest", {}),
]


@pytest.fixture(params=["readings", "timescale"], ids=["plain", "timescale"])
def full(request: pytest.FixtureRequest) -> Connection:
    """A database in which an index is worth it: four weeks of five devices, and two years of hours."""
    connection: Connection = request.getfixturevalue(request.param)
    made = (
        "(SELECT now() - n * interval '2 minutes' AS time, 'device ' || n % 5 AS device, 'room ' || n % 5 AS room, n"
        " FROM generate_series(1, 20000) AS n) AS made"
    )
    for statement in (
        "TRUNCATE temperature_hours",
        f"INSERT INTO energy_consumption (time, device_serial) SELECT time, device FROM {made}",
        f"INSERT INTO heatpump_status (time, device_id, integral) SELECT time, device, n FROM {made}",
        f"INSERT INTO temperature_sensors (time, device_id, location) SELECT time, device, room FROM {made}",
        "INSERT INTO temperature_hours (device, location, hour, measurement_count, seconds)"
        " SELECT 'device ' || n, 'room ' || n, hour_of(now()) - hours * interval '1 hour', 60, 3600"
        " FROM generate_series(0, 17520) AS hours, generate_series(0, 4) AS n",
        "TRUNCATE rollup_marks",
        *(f"ANALYZE {table}" for table in TABLES),
    ):
        execute(connection, statement)
    return connection


@pytest.mark.parametrize(("path", "query"), LATEST)
def test_the_newest_reading_is_found_by_an_index(api: Api, full: Connection, path: str, query: dict[str, str]) -> None:
    with CaptureQueriesContext(connections["telemetry"]) as asked:
        api.get(path, query)
    for statement in asked.captured_queries:
        scans = [node for node in explained(full, statement["sql"]) if is_scan_of_many(node)]
        assert scans
        assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}
        assert sum(node["Actual Rows"] * node["Actual Loops"] for node in scans) <= 60


def explained(connection: Connection, statement: str) -> list[dict[str, Any]]:
    """Return every node of a statement's plan after it was run."""
    [([plan],)] = execute(connection, f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
    return list(nodes(plan["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def is_scan_of_many(node: dict[str, Any]) -> bool:
    """Tell whether a node reads one of the large tables, or a chunk of one."""
    table = node.get("Relation Name", "")
    return "Plans" not in node and (table in TABLES or table.startswith("_hyper"))

"""However large the tables grow, the newest reading is a probe of an index."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

TABLES = ("energy_consumption", "heatpump_status", "temperature_sensors")
LATEST: list[tuple[str, dict[str, str]]] = [
    ("energy/latest", {}),
    ("energy/latest", {"device_serial": "device 3"}),
    ("energy/latest", {"device_serial": "retired"}),
    ("energy/latest", {"device_serial": "nobody's"}),
    ("heatpump/latest", {}),
    ("heatpump/latest", {"device_id": "device 3"}),
    ("heatpump/latest", {"device_id": "retired"}),
    ("heatpump/latest", {"device_id": "nobody's"}),
    ("temperature/latest", {"location": "room 3"}),
    ("temperature/all-latest", {}),
]


@pytest.fixture(params=["readings", "timescale"], ids=["plain", "timescale"])
def full(request: pytest.FixtureRequest) -> Connection:
    """A database in which an index is worth it: two weeks of one device, then two of five others."""
    connection: Connection = request.getfixturevalue(request.param)
    made = (
        "(SELECT now() - n * interval '2 minutes' AS time, 'room ' || n % 5 AS room, n,"
        " CASE WHEN n > 10000 THEN 'retired' ELSE 'device ' || n % 5 END AS device"
        " FROM generate_series(1, 20000) AS n) AS made"
    )
    for statement in (
        "TRUNCATE temperature_places",
        f"INSERT INTO energy_consumption (time, device_serial) SELECT time, device FROM {made}",
        f"INSERT INTO heatpump_status (time, device_id, integral) SELECT time, device, n FROM {made}",
        f"INSERT INTO temperature_sensors (time, device_id, location) SELECT time, device, room FROM {made}",
        "INSERT INTO temperature_places SELECT device_id, location, max(time) FROM temperature_sensors GROUP BY 1, 2",
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
        assert sum(rows_read(node) for node in scans) <= 60


def rows_read(node: dict[str, Any]) -> float:
    """Return how many rows a scan found and how many it threw away."""
    return float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])


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

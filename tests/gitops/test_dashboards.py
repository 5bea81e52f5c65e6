"""The dashboards: Grafana would take them, and what they ask for is there."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
import yaml
from django.db import connections

from telemetry.schema.runner import Connection
from tests.gitops.promql import OF_OTHERS, metrics_in
from tests.gitops.tree import ROOT

MONITORING = ROOT / "gitops/apps/base/monitoring"
FILES = sorted((MONITORING / "grafana/dashboards").glob("*.json"))
DASHBOARDS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in FILES}
NAMED_VIEWS = {
    *("energy", "energy_quarterly", "energy_hourly", "energy_daily_summary", "energy_monthly_summary"),
    *("energy_yearly_summary", "heatpump_hourly", "heatpump_daily_summary", "temperature_hourly", "temperature_latest"),
}
COLUMNS = 24

Panel = dict[str, Any]


def panels() -> Iterator[tuple[str, Panel]]:
    return ((name, panel) for name, dashboard in DASHBOARDS.items() for panel in dashboard["panels"])


def targets(member: str) -> dict[str, str]:
    """Return what panels ask, by a name to be found by: SQL, or an expression of Prometheus."""
    return {
        f"{name}: {panel['title']}, {target['refId']}": target[member]
        for name, panel in panels()
        for target in panel["targets"]
        if member in target
    }


QUERIES, EXPRESSIONS = targets("rawSql"), targets("expr")


def without_macros(sql: str) -> str:
    """Return SQL as Grafana's PostgreSQL data source sends it, for the last two days and an interval of 5 minutes.

    Source: Grafana's documentation, "PostgreSQL query editor", Macros.
    """
    start, end = "'2026-11-01T00:00:00Z'", "'2026-11-03T00:00:00Z'"
    sql = sql.replace("$__interval", "5m")
    sql = re.sub(r"\$__timeGroup\((\w+), 5m\)", r"floor(extract(epoch from \1)/300)*300", sql)
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {start} AND {end}", sql)
    assert "$__" not in sql
    return sql


@pytest.fixture(scope="module")
def reader(django_db_setup: None, django_db_blocker: Any) -> Iterator[Connection]:
    """A connection with the login of Grafana's data source: it may only read."""
    with django_db_blocker.unblock():
        parameters = connections["telemetry"].get_connection_params()
    with closing(psycopg2.connect(**parameters)) as connection:
        yield connection


@pytest.fixture
def house(telemetry: Connection) -> None:
    """Readings of every kind, of the days that are asked for and of now."""
    times = """(
        SELECT generate_series(timestamptz '2026-11-01T00:00Z', '2026-11-03T00:00Z', '10 minutes') AS time
        UNION ALL SELECT generate_series(now() - interval '20 minutes', now(), '1 minute')
    ) AS times"""
    counter = "extract(epoch FROM time - timestamptz '2026-10-01T00:00Z')::bigint"
    with telemetry.cursor() as cursor:
        cursor.execute(
            "INSERT INTO energy_consumption (time, device_serial, active_power_total, active_energy_total)"
            f" SELECT time, 'meter', 1000, {counter} FROM {times}"
        )
        cursor.execute(
            "INSERT INTO heatpump_status (time, device_id, outdoor_temp, runtime_compressor, compressor_on)"
            f" SELECT time, 'pump', 5, {counter} / 3600, true FROM {times}"
        )
        cursor.execute(
            "INSERT INTO temperature_sensors (time, device_id, location, temperature_c, humidity)"
            f" SELECT time, 'sensor', 'attic', 20, 40 FROM {times}"
        )


@pytest.mark.usefixtures("house")
def test_every_query_finds_readings_with_the_login_that_may_only_read(reader: Connection) -> None:
    nothing = []
    with reader.cursor() as cursor:
        for name, sql in QUERIES.items():
            cursor.execute(without_macros(sql))
            nothing += [] if cursor.fetchall() else [name]
        reader.rollback()
    assert len(QUERIES) > 15
    assert nothing == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_views_that_are_kept_for_others(name: str) -> None:
    asked = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", QUERIES[name]))
    assert asked
    assert asked <= NAMED_VIEWS


@pytest.mark.django_db(databases=["default", "telemetry"])
def test_every_metric_is_given_out_by_us_or_by_a_named_exporter(given_out: set[str]) -> None:
    wanted = set().union(*(metrics_in(expression) for expression in EXPRESSIONS.values()))
    assert len(wanted) > 15
    assert wanted - given_out - set().union(*OF_OTHERS.values()) == set()


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafana_would_take_the_dashboard(name: str) -> None:
    dashboard = DASHBOARDS[name]
    sources = yaml.safe_load((MONITORING / "grafana/datasources/datasources.yaml").read_text())["datasources"]
    known = {(source["type"], source["uid"]) for source in sources}
    assert dashboard["uid"] == f"homelab-{name}"
    assert {"title", "schemaVersion", "time", "refresh", "panels"} <= dashboard.keys()
    assert max(Counter(panel["id"] for panel in dashboard["panels"]).values()) == 1
    for panel in dashboard["panels"]:
        assert panel["type"] in {"stat", "table", "timeseries"}
        asked = [(target["datasource"]["type"], target["datasource"]["uid"]) for target in panel["targets"]]
        assert asked
        assert {(panel["datasource"]["type"], panel["datasource"]["uid"]), *asked} <= known
        assert max(Counter(target["refId"] for target in panel["targets"]).values()) == 1


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_beside_each_other(name: str) -> None:
    taken = Counter(
        (x, y)
        for panel in DASHBOARDS[name]["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    )
    assert max(taken.values()) == 1
    assert max(x for x, _ in taken) < COLUMNS

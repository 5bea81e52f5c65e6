import re

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from homelab_site.admin import NEWEST_ROWS
from telemetry.schema.runner import Connection

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

METERS = "/admin/energy/energyconsumption/"
LISTS = [
    METERS,
    "/admin/heatpump/heatpumpstatus/",
    "/admin/telemetry/temperaturereading/",
    "/admin/telemetry/schemamigration/",
]


def readings(telemetry: Connection, count: int, age: str = "0") -> None:
    """Store one reading a second of the meters `a` and `b` in turn, the newest of them `age` ago."""
    with telemetry.cursor() as cursor:
        cursor.execute(
            "INSERT INTO energy_consumption (time, device_serial, active_power_total) "
            "SELECT now() - %s::interval - n * interval '1 s', CASE n %% 2 WHEN 1 THEN 'a' ELSE 'b' END, n "
            "FROM generate_series(1, %s) AS n",
            [age, count],
        )


def shown(admin_client: Client, query: str = "") -> list[tuple[str, int]]:
    """Return device and power of the rows on the page."""
    page = admin_client.get(METERS + query).content.decode()
    cells = r'field-device_serial">(\w+)<.*?field-active_power_total">(\d+)<'
    return [(device, int(power)) for device, power in re.findall(cells, page)]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_shown(admin_client: Client, telemetry: Connection, path: str) -> None:
    assert admin_client.get(path).status_code == 200


def test_the_newest_reading_comes_first(admin_client: Client, telemetry: Connection) -> None:
    readings(telemetry, 3)
    assert shown(admin_client) == [("a", 1), ("b", 2), ("a", 3)]


def test_one_meter_is_found_by_its_serial(admin_client: Client, telemetry: Connection) -> None:
    readings(telemetry, 4)
    assert shown(admin_client, "?q=b") == [("b", 2), ("b", 4)]
    assert shown(admin_client, "?q=c") == []


def test_older_readings_are_found_by_age(admin_client: Client, telemetry: Connection) -> None:
    readings(telemetry, 1)
    readings(telemetry, 2, age="2 days")
    assert shown(admin_client, "?older_than=1+day") == [("a", 1), ("b", 2)]
    assert shown(admin_client, "?older_than=7+days") == []


def test_no_more_than_the_newest_rows_are_counted(admin_client: Client, telemetry: Connection) -> None:
    readings(telemetry, NEWEST_ROWS + 1)
    page = admin_client.get(METERS).content.decode()
    assert f"{NEWEST_ROWS} meter readings" in page
    last = NEWEST_ROWS // 100
    assert len(shown(admin_client, f"?p={last}")) == 100
    assert admin_client.get(f"{METERS}?p={last + 1}").status_code == 302


def test_a_page_asks_the_database_twice_and_with_a_limit(admin_client: Client, telemetry: Connection) -> None:
    readings(telemetry, 200)
    with CaptureQueriesContext(connections["telemetry"]) as queries:
        shown(admin_client)
    assert [" LIMIT " in query["sql"] for query in queries.captured_queries] == [True, True]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", ["add/", "1/change/", "1/delete/"])
def test_there_is_no_page_that_changes_anything(admin_client: Client, path: str, page: str) -> None:
    assert admin_client.get(path + page).status_code == 404
    assert admin_client.post(path + page).status_code == 404

"""How answers travel: kept and checked by their ETag, compressed, shown to people."""

import gzip
import re
from contextlib import closing
from typing import Any

import pytest
from django.test import Client

from telemetry.schema.runner import Connection
from tests.api_fixture import TOKEN, Api, execute

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

RANGE = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


def a_month(connection: Connection, amount: int = 1) -> None:
    execute(
        connection,
        "INSERT INTO counter_quarters (counter, device, quarter, amount, covered_seconds, measurement_count)"
        " SELECT 'energy', 'one', moment, %s, 900, 1"
        " FROM generate_series('2026-01-01T00:00:00Z', '2026-01-31T23:45:00Z'::timestamptz, '15 minutes') AS moment"
        " ON CONFLICT (counter, device, quarter) DO UPDATE SET amount = excluded.amount",
        amount,
    )


def test_an_answer_that_did_not_change_is_not_sent_again(api: Api, readings: Connection) -> None:
    a_month(readings)
    first = api.get("energy/history", RANGE)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = api.get("energy/history", RANGE, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    a_month(readings, 2)
    changed = api.get("energy/history", RANGE, **{"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json()[0]["total_energy_kwh"]) == (200, 0.008)


def test_an_answer_is_compressed_for_whoever_can_read_it(api: Api, readings: Connection) -> None:
    a_month(readings)
    plain, packed = api.get("energy/history", RANGE), api.get("energy/history", RANGE, **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 5
    again = api.get("energy/history", RANGE, **{"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("method", ["head", "options"])
def test_asking_about_a_path_is_no_error(api: Api, method: str) -> None:
    response = getattr(api.client, method)("/api/v1/energy/hourly-total", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    if method == "head":
        assert response.content == b""


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_head_has_the_etag_of_get(api: Api, readings: Connection, encoding: str) -> None:
    a_month(readings)
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": encoding}
    head = api.client.head("/api/v1/energy/history", RANGE, headers=headers)
    tag = api.get("energy/history", RANGE, **headers).headers["ETag"]
    assert (head.status_code, head.headers["ETag"], head.content) == (200, tag, b"")
    again = api.client.head("/api/v1/energy/history", RANGE, headers={**headers, "If-None-Match": tag})
    assert again.status_code == 304


def test_a_person_can_browse(admin_client: Client) -> None:
    page = admin_client.get("/api/v1/energy/hourly-total", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "total_kwh" in page.content.decode()
    assert "//" not in "".join(sources(page))


@pytest.mark.django_db(transaction=True)
def test_the_page_that_describes_the_api_needs_nothing_from_elsewhere(admin_client: Client) -> None:
    page = admin_client.get("/api/docs", headers={"Accept": "text/html"})
    assert page.status_code == 200
    found = sources(page)
    assert len(found) >= 3
    for source in found:
        assert source.startswith(("/static/", "/api/docs?"))
        with closing(admin_client.get(source)) as file:
            assert file.status_code == 200


def sources(page: Any) -> list[str]:
    """Return what a page loads: scripts, styles and pictures."""
    return re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page.content.decode())

"""Every error under `/api` has one shape, and its status says what kind it is."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from homelab_site.stack.child import free_port
from tests.api_fixture import TOKEN, Api
from tests.away import everything_at

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

LATEST = "/api/v1/energy/latest"
RANGES = ["energy/history", "energy/daily-summary", "energy/monthly-summary", "energy/yearly-summary"]
RANGES += ["heatpump/daily-summary"]
NOON = "2026-11-10T12:00:00Z"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


def assert_error(response: Any, status: int, code: str, *fields: str) -> None:
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/json")
    body = response.json()
    assert body.keys() == {"error", "message", "code", "details"}
    assert body["error"] == body["message"] != ""
    assert body["code"] == code
    assert list(body["details"] or ()) == list(fields)
    for field in fields:
        assert field in body["error"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", f"{LATEST}/", "/api/v1//energy/latest", "/api/schema/"]
)
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_an_unknown_path_is_404_and_never_a_redirect(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(path, headers=WITH_TOKEN)
    assert response.status_code == 404
    if method != "head":
        assert_error(response, 404, "not_found")


def test_other_paths_keep_their_pages(client: Client) -> None:
    assert "text/html" in client.get("/apiary").headers["Content-Type"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
def test_a_path_that_reads_has_no_other_method(api: Api, method: str) -> None:
    for headers in ({}, WITH_TOKEN, {**WITH_TOKEN, "Accept": "text/csv"}):
        response = getattr(api.client, method)(LATEST, headers=headers)
        assert_error(response, 405, "method_not_allowed")
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_session_is_told_so_too_without_a_csrf_token(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert_error(client.post(LATEST), 405, "method_not_allowed")


@pytest.mark.parametrize("path", RANGES)
def test_a_range_needs_a_start(api: Api, path: str) -> None:
    assert_error(api.get(path), 400, "required", "from")


@pytest.mark.parametrize("path", RANGES)
@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "value", ["", "yesterday", "2026-11-10", "2026-11-10T12:00:00", "1794312000", "2026-11-31T00:00:00Z", "\0"]
)
def test_a_moment_that_is_none_is_named(api: Api, path: str, name: str, value: str) -> None:
    assert_error(api.get(path, {"from": NOON, name: value}), 400, "moment", name)


@pytest.mark.parametrize(
    "value",
    ["2026-11-10T12:00:00Z", "2026-11-10t12:00:00.5z", "2026-11-10 13:00:00+01:00", "0001-01-01T00:00:00+14:00"],
)
def test_a_moment_is_any_of_rfc_3339(api: Api, value: str) -> None:
    assert api.answer("energy/history", {"from": value}) == []


def test_the_end_of_the_calendar_is_a_moment(api: Api) -> None:
    assert api.answer("energy/history", {"from": NOON, "to": "9999-12-31T23:59:59-14:00"}) == []


@pytest.mark.parametrize("path", RANGES)
@pytest.mark.parametrize("query", [{"from": NOON, "to": "2026-11-10T11:59:59Z"}, {"from": "2126-11-10T12:00:00Z"}])
def test_a_start_after_the_end_is_refused(api: Api, path: str, query: dict[str, str]) -> None:
    assert_error(api.get(path, query), 400, "range", "from")


@pytest.mark.parametrize("path", ["energy/latest", "energy/history", "energy/daily-summary", "energy/hourly-total"])
@pytest.mark.parametrize("value", ["", "\0"])
def test_a_serial_that_is_none_is_named(api: Api, path: str, value: str) -> None:
    assert "device_serial" in api.refusal(path, {"from": NOON, "device_serial": value})["details"]


def test_every_wrong_parameter_is_named(api: Api) -> None:
    refusal = api.refusal("energy/history", {"from": "x", "to": "y", "resolution": "z"})
    assert set(refusal["details"]) == {"from", "to", "resolution"}


def test_a_parameter_that_comes_twice_is_named(api: Api) -> None:
    response = api.client.get(f"/api/v1/energy/history?from={NOON}&from={NOON}", headers=WITH_TOKEN)
    assert_error(response, 400, "repeated", "from")


def test_an_unknown_parameter_is_ignored(api: Api) -> None:
    query = {"from": NOON, "format": "xml", "FROM": "x", "page": "", "lang": "\0"}
    assert api.answer("energy/history", query) == []
    assert api.answer("temperature/all-latest", query) == []


@pytest.mark.parametrize("path", ["energy/latest", "energy/history", "temperature/all-latest"])
def test_a_content_type_that_is_not_served_is_refused(api: Api, path: str) -> None:
    assert_error(api.get(path, {"from": NOON}, Accept="application/xml"), 406, "not_acceptable")


def test_only_rows_of_a_range_come_as_csv(api: Api) -> None:
    assert_error(api.get("energy/latest", Accept="text/csv"), 406, "not_acceptable")


def test_an_error_is_json_where_csv_was_asked_for(api: Api) -> None:
    assert_error(api.get("energy/history", Accept="text/csv"), 400, "required", "from")


def test_a_host_that_is_not_ours_is_refused(api: Api) -> None:
    assert_error(api.get("energy/latest", Host="elsewhere.example"), 400, "bad_request")


def test_parameters_without_number_are_refused(api: Api) -> None:
    many = "&".join(f"p{n}=1" for n in range(2000))
    response = api.client.get(f"/api/v1/energy/history?{many}", headers=WITH_TOKEN)
    assert_error(response, 400, "bad_request")


@pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
@pytest.mark.parametrize("path", ["energy/latest", "temperature/all-latest", "heatpump/latest"])
def test_a_database_that_is_away_is_503(api: Api, path: str) -> None:
    connections.close_all()
    with everything_at(free_port()):
        assert_error(api.get(path), 503, "database_away")


def test_a_fault_of_ours_is_500(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**query: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("energy.selectors.reading_latest", fail)
    api.client.raise_request_exception = False
    assert_error(api.get("energy/latest"), 500, "server_error")

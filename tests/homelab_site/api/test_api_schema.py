"""What OpenAPI says is what is served: schemathesis sends what it allows, and what it does not."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from homelab_site.access import bad_tokens
from telemetry.schema.runner import Connection
from tests.api_fixture import TOKEN, Api, execute
from tests.homelab_site.api.test_api_access import PATHS

# The connections of a test in a transaction would be closed at the end of each request.
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "identity"}
RANGE = {"from": "2020-01-01T00:00:00Z"}
ANSWERED = {
    "energy/latest": {},
    "energy/hourly-total": {},
    "energy/history": RANGE,
    "energy/daily-summary": RANGE,
    "energy/monthly-summary": RANGE,
    "energy/yearly-summary": RANGE,
    "heatpump/latest": {},
    "heatpump/daily-summary": RANGE,
    "temperature/latest": {"location": "kitchen"},
    "temperature/all-latest": {},
    "temperature/history": {"location": "kitchen"},
}
"""A query for each path that is answered with something, if there are readings."""

raw = json.loads(json.dumps(SchemaGenerator().get_schema(public=True)))  # type: ignore[no-untyped-call]
schema = schemathesis.openapi.from_dict(raw)
schema.app = get_wsgi_application()
# No schema can say that PostgreSQL knows no text with a NUL; a test of its own says that it is refused.
schema.config.generation.update(allow_x00=False)


@pytest.fixture(autouse=True)
def _house(api: Api, readings: Connection, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days of readings of every device, and an address that may send as much as it likes."""
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    monkeypatch.setattr(bad_tokens._bad_tokens, "_times_a_minute", 1_000_000)
    monkeypatch.setattr(bad_tokens._bad_tokens, "_counts", {})
    made = "(SELECT now() - n * interval '10 minutes' AS time, n FROM generate_series(0, 288) AS n) AS made"
    for statement in (
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total, active_power_total,"
        f" active_power_l2) SELECT time, 'meter', 9000 - n * 7, 42, n FROM {made}",
        "INSERT INTO heatpump_status (time, device_id, integral, outdoor_temp, runtime_3kw, alarms, compressor_on)"
        f" SELECT time, 'pump', n % 50, 1.5, 900 - n, '{{low_pressure}}', n % 2 = 0 FROM {made}",
        "INSERT INTO temperature_sensors (time, device_id, location, temperature_c, battery_percent, mac_address)"
        f" SELECT time, 'sensor', 'kitchen', 20.5, 90, 'e4b32322a0f4' FROM {made}",
        "SELECT refresh_rollups()",
    ):
        execute(readings, statement)


@schema.parametrize()
@settings(derandomize=True, max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_is_what_its_description_says(case: Any) -> None:
    response = case.call(headers=HEADERS)
    # No schema can say that `from` must not be after `to`.
    is_range = response.status_code == 400 and response.json()["code"] == "range"
    case.validate_response(
        response,
        headers=HEADERS,
        transport_kwargs={"headers": HEADERS},
        excluded_checks=[positive_data_acceptance] if is_range else [],
    )


@pytest.mark.parametrize(("path", "query"), ANSWERED.items())
def test_an_answer_has_the_members_that_are_described(path: str, query: dict[str, str]) -> None:
    response = schema[f"/api/v1/{path}"]["GET"].Case(query=query).call_and_validate(headers=HEADERS)
    answer = response.json()
    first = answer[0] if isinstance(answer, list) else answer
    described = raw["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(first) and set(first) == members(described)


def members(described: dict[str, Any]) -> set[str]:
    """Return the members of an object, of the objects in a list, or of the first of some choices."""
    if "$ref" in described:
        return set(raw["components"]["schemas"][described["$ref"].rpartition("/")[2]]["properties"])
    inner: dict[str, Any] = described["items"] if "items" in described else described["oneOf"][0]
    return members(inner)


def test_every_path_is_described() -> None:
    paths = {re.sub(r"<\w+:(\w+)>", r"{\1}", path) for path in PATHS}
    assert raw["paths"].keys() == {path for path in paths if path.startswith("/api/v1/")}


def test_the_description_is_served(api: Api) -> None:
    response = api.client.get("/api/schema", headers=HEADERS)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.json() == raw


def test_the_description_is_right_in_itself(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_every_error_and_parameter_is_described() -> None:
    for path in ANSWERED:
        methods = raw["paths"][f"/api/v1/{path}"]
        assert methods.keys() == {"get"}
        operation = methods["get"]
        assert {"401", "403", "405", "406", "429", "500", "503"} <= operation["responses"].keys(), path
        assert ("400" in operation["responses"]) == bool(operation.get("parameters"))
        assert all(parameter["description"] for parameter in operation.get("parameters", ()))
        assert operation["description"]

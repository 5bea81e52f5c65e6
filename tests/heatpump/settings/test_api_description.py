"""The answers about settings and commands are those that OpenAPI describes."""

from typing import Any

import pytest

from tests.heatpump.scripted import DEVICE, Clock, new_pump
from tests.heatpump.settings.asking import SettingsApi
from tests.homelab_site.api.test_api_schema import schema

PATH = "/api/v1/heatpump/settings"


@pytest.mark.django_db(transaction=True)
def test_settings_and_commands_are_as_described(clock: Clock, asking: SettingsApi) -> None:
    pump = new_pump(clock)
    headers = {"Authorization": f"Bearer {asking.token}", "Accept-Encoding": "identity"}

    def call(method: str, path: str, **case: Any) -> Any:
        return schema[path][method].Case(**case).call_and_validate(headers=headers).json()

    of_pump = {"path_parameters": {"device_id": DEVICE}}
    for curve in (41, 42):
        body = {"body": {"curve": curve, "mode": None}, "media_type": "application/json"}
        command = call("PATCH", f"{PATH}/{{device_id}}", **of_pump, **body)["outbox_id"]
        call("GET", f"{PATH}/{{device_id}}", **of_pump)
    pump.publish()
    pump.read()
    assert call("GET", f"{PATH}/outbox/{{id}}", path_parameters={"id": command})["status"] == "confirmed"
    assert len(call("GET", f"{PATH}/{{device_id}}/outbox", **of_pump)["data"]) == 2
    assert len(call("GET", PATH)["settings"]) == 1

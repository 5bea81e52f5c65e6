"""The page of the heat pump, asked for in ways that no link of ours has."""

import pytest
from django.test import Client


@pytest.mark.django_db(databases=["default", "telemetry"])
@pytest.mark.parametrize("name", ["", "nope", "%00", "nope%00"])
def test_whatever_pump_is_asked_for_there_is_a_page(admin_client: Client, name: str) -> None:
    assert admin_client.get(f"/heatpump/?pump={name}").status_code == 200

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from heatpump.settings.models import HeatPump
from homelab_site.stack.child import free_port
from telemetry.schema.runner import Connection
from tests.away import everything_at

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def scrape(client: Client, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a metric by the values of their labels, which are in the order of their names."""
    families = text_string_to_metric_families(client.get("/metrics").content.decode())
    return {
        tuple(sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def test_each_room_says_for_how_long_it_is_silent_and_how_full_its_battery_is(
    client: Client, telemetry: Connection
) -> None:
    with telemetry.cursor() as cursor:
        cursor.execute(
            "INSERT INTO temperature_sensors (time, device_id, location, battery_percent) VALUES"
            " (now() - interval '5 hours', 'one', 'attic', 12), (now() - interval '1 minute', 'two', 'cellar', NULL)"
        )
    ages = scrape(client, "homelab_room_newest_age_seconds")
    assert ages == {("attic",): pytest.approx(18_000, abs=10), ("cellar",): pytest.approx(60, abs=10)}
    assert scrape(client, "homelab_room_battery_percent") == {("attic",): 12}


def test_alarms_are_those_of_the_newest_reading_of_each_pump(client: Client, telemetry: Connection) -> None:
    for device in ("cellar", "garage"):
        HeatPump.objects.create(device_id=device, updated_at=timezone.now())
    with telemetry.cursor() as cursor:
        cursor.execute(
            "INSERT INTO heatpump_status (time, device_id, alarms) VALUES"
            " (now() - interval '2 minutes', 'cellar', '{low_pressure}'),"
            " (now() - interval '1 minute', 'cellar', '{}'),"
            " (now() - interval '3 minutes', 'garage', '{overheating,phase_order}')"
        )
    alarms = scrape(client, "homelab_heatpump_alarm")
    assert alarms == {("overheating", "garage"): 1, ("phase_order", "garage"): 1}


def test_a_house_that_cannot_be_asked_says_nothing(client: Client) -> None:
    with everything_at(free_port()):
        assert scrape(client, "homelab_room_newest_age_seconds") == {}
        assert scrape(client, "homelab_heatpump_alarm") == {}
        assert scrape(client, "homelab_database_size_bytes") == {}


def test_both_databases_have_a_size(client: Client, telemetry: Connection) -> None:
    sizes = scrape(client, "homelab_database_size_bytes")
    assert sizes.keys() == {("homelab",), ("telemetry",)}
    assert min(sizes.values()) > 1_000_000

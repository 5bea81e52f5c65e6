"""The MQTT broker that a command publishes to."""

from django.conf import settings
from django.core.management.base import CommandError

from bridge.mqtt import MqttAddress, parse_url
from homelab_site.requirements import require_services


def broker_address() -> MqttAddress:
    """Return the address that the settings name; raises CommandError if they name none or a wrong one."""
    require_services("MQTT_URL")
    try:
        return parse_url(settings.MQTT_URL)
    except ValueError as error:
        raise CommandError(f"MQTT_URL is wrong: {error}") from error

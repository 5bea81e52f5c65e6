"""The house as its settings describe it."""

from django.conf import settings

from bridge.devices.device import House


def house_from_settings() -> House:
    return House(
        thermiq_nodes=settings.THERMIQ_NODES,
        locations=settings.SENSOR_LOCATIONS,
        time_zone=settings.HOUSE_TIME_ZONE,
    )

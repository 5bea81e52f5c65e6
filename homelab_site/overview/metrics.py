"""The house as Prometheus gauges: which sensor is silent or runs down, and what the heat pumps complain about.

What cannot be asked has no sample, which `homelab_pipeline_source_up` tells.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from heatpump.selectors import reading_latest
from heatpump.settings.models import HeatPump
from homelab_site.health.asking import Asked, shared
from homelab_site.health.checks import ask
from homelab_site.overview.selectors import MAX_ROOMS
from telemetry.rooms.selectors import Room, rooms

ANSWER_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Said:
    """What sensors said last, and the alarms of each heat pump's newest reading."""

    rooms: tuple[Room, ...]
    alarms: tuple[tuple[str, str], ...]


class HouseCollector(Collector):
    """Gauges whose values are asked for while they are collected."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        said = _said()
        return [] if said is None else [_silence(said.rooms), _batteries(said.rooms), _alarms(said.alarms)]


@shared
def _said() -> Said | None:
    asked = Asked(partial(ask, "telemetry_database", _ask))
    return asked.answer(time.monotonic() + ANSWER_SECONDS).value


def _ask() -> Said:
    now = timezone.now()
    newest = [reading_latest(device_id=pump.device_id, until=now) for pump in HeatPump.objects.all()]
    return Said(
        rooms=tuple(rooms().rows(limit=MAX_ROOMS)),
        alarms=tuple((reading.device_id, alarm) for reading in newest if reading for alarm in reading.alarms or ()),
    )


def _silence(there: Iterable[Room]) -> GaugeMetricFamily:
    now = timezone.now()
    family = GaugeMetricFamily(
        "homelab_room_newest_age_seconds", "Seconds since a room's newest reading was taken", labels=["location"]
    )
    for room in there:
        family.add_metric([room.location], (now - room.time).total_seconds())
    return family


def _batteries(there: Iterable[Room]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("homelab_room_battery_percent", "Charge of a room's sensor", labels=["location"])
    for room in there:
        if room.battery_percent is not None:
            family.add_metric([room.location], room.battery_percent)
    return family


def _alarms(on: Iterable[tuple[str, str]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "homelab_heatpump_alarm", "An alarm that is on in a heat pump's newest reading", labels=["device", "alarm"]
    )
    for device, alarm in on:
        family.add_metric([device, alarm], 1)
    return family


HOUSE = CollectorRegistry()
"""Apart from the default registry, which workers give out too."""
HOUSE.register(HouseCollector())

"""The streams of readings, and how fresh their rows are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Model

from bridge.messages import Topic
from energy.models import EnergyConsumption
from heatpump.models import HeatpumpStatus
from telemetry.models import TemperatureReading

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stream:
    """Readings of one kind: their topics and their table. Its newest reading is late once it is older than that."""

    topics: tuple[Topic, ...]
    model: type[Model]
    late_after: timedelta


@dataclass(frozen=True, slots=True)
class Rows:
    """When the newest reading of a stream was taken, if there is one, and how many were in the last hour."""

    newest: datetime | None
    last_hour: int


STREAMS: Mapping[str, Stream] = {
    # A meter sends every second, a heat pump about every 30 s.
    "energy": Stream((Topic.ENERGY,), EnergyConsumption, timedelta(minutes=1)),
    "heatpump": Stream((Topic.HEATPUMP,), HeatpumpStatus, timedelta(minutes=3)),
    # A room sensor sleeps while nothing changes, and sends every two hours in any case.
    "temperature": Stream(
        (Topic.TEMPERATURE_INDOOR, Topic.TEMPERATURE_OUTDOOR), TemperatureReading, timedelta(hours=2, minutes=15)
    ),
}


def rows_by_stream(now: datetime) -> dict[str, Rows]:
    """Return the state of each stream's table; raises `django.db.Error`.

    A reading dated in the future does not count: a device whose clock is a day ahead would hide that all others
    are silent.
    """
    return {name: _rows(stream.model, now) for name, stream in STREAMS.items()}


def _rows(model: type[Model], now: datetime) -> Rows:
    readings = model._default_manager.filter(time__lte=now)
    newest = readings.order_by("-time").values_list("time", flat=True).first()
    return Rows(newest, readings.filter(time__gt=now - HOUR).count())

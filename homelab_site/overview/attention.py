"""What needs a person's attention, in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from heatpump.words import alarms
from homelab_site.overview.selectors import House
from telemetry.status.streams import STREAMS
from telemetry.status.words import span


@dataclass(frozen=True, slots=True)
class Matter:
    """Something to look at, and the page on which to look."""

    sentence: str
    page: str


def attention(house: House) -> list[Matter]:
    """Return what needs a look, what is most urgent first."""
    return [*_alarms(house), *_failures(house), *_silence(house), *_batteries(house)]


def _alarms(house: House) -> Iterator[Matter]:
    names = alarms(house.heatpump.alarms) if house.heatpump else []
    if names:
        words = _("The heat pump has an alarm: %(alarms)s.") % {"alarms": ", ".join(names)}
        yield Matter(words, reverse("heatpump"))


def _failures(house: House) -> Iterator[Matter]:
    if house.failed:
        yield Matter(_("A change of the heat pump's settings failed."), reverse("heatpump"))


def _silence(house: House) -> Iterator[Matter]:
    page = reverse("status")
    if house.power and (age := _overdue(house, "energy", house.power.ts)):
        yield Matter(_("The electricity meter has been silent for %(span)s.") % {"span": span(age)}, page)
    if house.heatpump and (age := _overdue(house, "heatpump", house.heatpump.ts)):
        yield Matter(_("The heat pump has been silent for %(span)s.") % {"span": span(age)}, page)
    for room in house.rooms:
        if age := _overdue(house, "temperature", room.time):
            words = _("The sensor of %(room)s has been silent for %(span)s.")
            yield Matter(words % {"room": room.location, "span": span(age)}, page)


def _batteries(house: House) -> Iterator[Matter]:
    for room in house.rooms:
        if room.is_battery_low:
            words = _("The battery of the sensor of %(room)s is at %(share)s.")
            share = f"{room.battery_percent}\N{NO-BREAK SPACE}%"
            yield Matter(words % {"room": room.location, "share": share}, reverse("rooms"))


def _overdue(house: House, stream: str, newest: datetime) -> float | None:
    """Return for how many seconds a device has been silent if that is too long."""
    age: timedelta = house.at - newest
    return age.total_seconds() if age > STREAMS[stream].late_after else None

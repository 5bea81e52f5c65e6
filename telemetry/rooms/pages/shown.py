"""What the page shows of each room: what is known now, a chart, and the same as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from homelab_site.charts import Chart, Step
from telemetry.rooms import selectors
from telemetry.rooms.pages.curves import interval_curve, reading_curve
from telemetry.rooms.pages.ranges import DAY, DAYS, TITLES, Range, days_until, hours_until
from telemetry.rooms.selectors import Climate, Room, RoomReading
from telemetry.selection import Selection
from telemetry.status.streams import STREAMS
from telemetry.status.words import span

QUIET = STREAMS["temperature"].late_after
"""How long a sensor may say nothing."""
MAX_ROOMS, MAX_ROWS = 200, 200_000

Row = TypeVar("Row", Climate, RoomReading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A room, for how long its sensor is silent if it is, its chart, and the rows of its table, newest first."""

    room: Room
    silent_for: str
    chart_id: str
    chart: Chart
    rows: Sequence[Climate]


def shown(chosen: Range, *, now: datetime, zone: ZoneInfo) -> list[Shown]:
    """Read all rooms over a range that ends now.

    A day is drawn from single readings and listed in hours, a year is drawn in days and listed in months, and what lies
    between is drawn in hours and listed in days.
    """
    known = selectors.rooms().rows(limit=MAX_ROOMS)
    rows = _table(chosen, now, zone)
    charts = _charts([room.location for room in known], chosen, now, zone)
    return [
        Shown(
            room=room,
            silent_for=span((now - room.time).total_seconds()) if now - room.time > QUIET else "",
            chart_id=f"room-chart-{number}",
            chart=charts[room.location],
            rows=rows.get(room.location, [])[::-1],
        )
        for number, room in enumerate(known)
    ]


def _table(chosen: Range, now: datetime, zone: ZoneInfo) -> dict[str, list[Climate]]:
    if chosen is Range.DAY:
        hours = hours_until(now, DAYS[chosen])
        return _by_room(selectors.climate_hours(start=hours.starts[0], end=hours.end))
    days = days_until(now, DAYS[chosen], zone)
    select = selectors.climate_months if chosen is Range.YEAR else selectors.climate_days
    return _by_room(select(start=days.starts[0], end=days.end))


def _charts(locations: Sequence[str], chosen: Range, now: datetime, zone: ZoneInfo) -> dict[str, Chart]:
    title = str(TITLES[chosen])
    labels = {room: _("Temperature in °C and humidity in %%: %(room)s") % {"room": room} for room in locations}
    if chosen is Range.DAY:
        start = now - DAY
        readings = _by_room(selectors.readings_between(start=start - QUIET, end=now))
        return {
            room: reading_curve(title, label, readings.get(room, []), start=start, end=now, quiet=QUIET)
            for room, label in labels.items()
        }
    if chosen is Range.YEAR:
        step, select, intervals = Step.DAY, selectors.climate_days, days_until(now, DAYS[chosen], zone)
    else:
        step, select, intervals = Step.HOUR, selectors.climate_hours, hours_until(now, DAYS[chosen])
    rows = _by_room(select(start=intervals.starts[0], end=intervals.end))
    return {room: interval_curve(title, label, rows.get(room, []), intervals, step) for room, label in labels.items()}


def _by_room(selection: Selection[Row]) -> dict[str, list[Row]]:
    rows = selection.rows(limit=MAX_ROWS)
    return {location: list(those) for location, those in groupby(rows, key=lambda row: row.location)}

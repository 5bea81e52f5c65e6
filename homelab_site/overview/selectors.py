"""The state of the house at a moment, put together from what each app knows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from energy import selectors as meters
from heatpump import selectors as pumps
from heatpump.outbox.models import Command
from heatpump.outbox.selectors import newest_failure
from telemetry.rooms import selectors as sensors

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
HOURS_SHOWN = 24
MAX_ROOMS = 100


@dataclass(frozen=True, slots=True)
class Used:
    """What was used, kWh: today until now, and yesterday until the same time of day and in all, if it was measured."""

    today: float
    yesterday_by_now: float | None
    yesterday: float | None


@dataclass(frozen=True, slots=True)
class House:
    """The house at a moment.

    `hours` are the last 24 clock hours, the one under way included; None is one of a gap. `failed` is what was last
    asked of the heat pump, if that failed within a day.
    """

    at: datetime
    power: meters.Reading | None
    hours: tuple[tuple[datetime, meters.Hour | None], ...]
    used: Used
    heatpump: pumps.Reading | None
    failed: Command | None
    rooms: tuple[sensors.Room, ...]

    @property
    def this_hour(self) -> float:
        """What was used in this clock hour so far, kWh."""
        hour = self.hours[-1][1]
        return hour.total_energy_kwh if hour else 0.0

    @property
    def is_empty(self) -> bool:
        """Whether no reading has ever arrived."""
        return self.power is None and self.heatpump is None and not self.rooms


def house() -> House:
    """Ask for all of it; raises `django.db.Error`.

    A reading dated in the future does not count: it would hide that its device has been silent since.
    """
    now = timezone.localtime()
    pump = pumps.reading_latest(device_id=None, until=now)
    return House(
        at=now,
        power=meters.reading_latest(device_serial=None, until=now),
        hours=_last_hours(now),
        used=_used(now),
        heatpump=pump,
        failed=newest_failure(pump.device_id, since=now - timedelta(days=1)) if pump else None,
        rooms=tuple(sensors.rooms().rows(limit=MAX_ROOMS)),
    )


def _last_hours(now: datetime) -> tuple[tuple[datetime, meters.Hour | None], ...]:
    # In UTC each hour follows the one before; the house's clock is put forward and back.
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    starts = [this_hour - HOUR * back for back in reversed(range(HOURS_SHOWN))]
    measured = meters.hours(start=starts[0], end=this_hour + HOUR, device_serial=None).rows(limit=HOURS_SHOWN)
    by_start = {hour.hour_start: hour for hour in measured}
    return tuple((start, by_start.get(start)) for start in starts)


def _used(now: datetime) -> Used:
    """Compare with yesterday at the same time of day, since a part of a day is always less than a whole one."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = midnight - timedelta(days=1)
    whole = meters.days(start=yesterday, end=midnight, device_serial=None).first()
    return Used(
        today=meters.energy_used(start=midnight, end=now, device_serial=None),
        yesterday_by_now=_used_until(yesterday, now - timedelta(days=1)) if whole else None,
        yesterday=whole.energy_consumption_kwh if whole else None,
    )


def _used_until(start: datetime, moment: datetime) -> float:
    """Return the kWh used until any moment; within its quarter of an hour the use counts as even."""
    into_quarter = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    quarter = moment - into_quarter
    before = meters.energy_used(start=start, end=quarter, device_serial=None)
    within = meters.energy_used(start=quarter, end=quarter + QUARTER, device_serial=None)
    return before + within * (into_quarter / QUARTER)

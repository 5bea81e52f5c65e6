"""The state of the house at a moment, put together from what each app knows."""

from collections.abc import Sequence
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
class Hour:
    """A clock hour: what was used in it, the most that was drawn, and which share of it was measured."""

    kwh: float
    most_kw: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Used:
    """What was used, kWh: today until now, and yesterday until the same time of day and in all.

    None where nothing was measured.
    """

    today: float | None
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
    hours: tuple[tuple[datetime, Hour | None], ...]
    used: Used
    heatpump: pumps.Reading | None
    failed: Command | None
    rooms: tuple[sensors.Room, ...]

    @property
    def this_hour(self) -> float | None:
        """What was used in this clock hour so far, kWh; None if nothing was measured in it."""
        hour = self.hours[-1][1]
        return hour.kwh if hour else None

    @property
    def is_empty(self) -> bool:
        """Whether no reading has ever arrived."""
        return self.power is None and self.heatpump is None and not self.rooms


def house() -> House:
    """Ask for all of it; raises `django.db.Error`.

    A reading dated in the future does not count: it would hide that its device has been silent since.
    """
    now = timezone.localtime()
    quarters = _quarters(now)
    pump = pumps.reading_latest(device_id=None, until=now)
    return House(
        at=now,
        power=meters.reading_latest(device_serial=None, until=now),
        hours=_last_hours(now, quarters),
        used=_used(now, quarters),
        heatpump=pump,
        failed=newest_failure(pump.device_id, since=now - timedelta(days=1)) if pump else None,
        rooms=tuple(sensors.rooms().rows(limit=MAX_ROOMS)),
    )


def _quarters(now: datetime) -> list[meters.Hour]:
    """Return what was measured since yesterday began, by quarters of an hour: the rest is made of these.

    To judge the newest readings of a counter takes the database longer than all else, so it is asked once.
    """
    start = min(_midnight(now, days_back=1), _this_hour(now) - HOUR * HOURS_SHOWN)
    return list(meters.quarters(start=start, end=now, device_serial=None).rows(limit=4 * 2 * HOURS_SHOWN + 8))


def _last_hours(now: datetime, quarters: Sequence[meters.Hour]) -> tuple[tuple[datetime, Hour | None], ...]:
    # In UTC each hour follows the one before; the house's clock is put forward and back.
    this_hour = _this_hour(now)
    starts = [this_hour - HOUR * back for back in reversed(range(HOURS_SHOWN))]
    by_start: dict[datetime, list[meters.Hour]] = {start: [] for start in starts}
    for quarter in quarters:
        by_start.get(_this_hour(quarter.hour_start), []).append(quarter)
    return tuple((start, _hour(those) if those else None) for start, those in by_start.items())


def _hour(quarters: Sequence[meters.Hour]) -> Hour:
    return Hour(
        kwh=sum(quarter.total_energy_kwh for quarter in quarters),
        most_kw=max(quarter.max_power_total_kw or 0.0 for quarter in quarters),
        coverage=sum(quarter.coverage for quarter in quarters) / 4,
    )


def _used(now: datetime, quarters: Sequence[meters.Hour]) -> Used:
    """Compare with yesterday at the same time of day, since a part of a day is always less than a whole one."""
    midnight, yesterday = _midnight(now), _midnight(now, days_back=1)
    before = [quarter for quarter in quarters if yesterday <= quarter.hour_start < midnight]
    today = [quarter for quarter in quarters if quarter.hour_start >= midnight]
    by_now = (now - timedelta(days=1)).astimezone(UTC)
    return Used(
        today=sum(quarter.total_energy_kwh for quarter in today) if today else None,
        yesterday_by_now=sum(_until(quarter, by_now) for quarter in before) if before else None,
        yesterday=sum(quarter.total_energy_kwh for quarter in before) if before else None,
    )


def _until(quarter: meters.Hour, moment: datetime) -> float:
    """Return the kWh used in a quarter of an hour until a moment; within the quarter the use counts as even."""
    share = (moment - quarter.hour_start) / QUARTER
    return quarter.total_energy_kwh * min(max(share, 0.0), 1.0)


def _midnight(now: datetime, *, days_back: int = 0) -> datetime:
    """Return when today, or a day before it, began by the house's clock, in UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_back)
    return midnight.astimezone(UTC)


def _this_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

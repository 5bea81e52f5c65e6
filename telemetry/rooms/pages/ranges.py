"""How far back the page of the rooms looks, and in which steps."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Range(StrEnum):
    """A length of time that ends now."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


TITLES = {Range.DAY: _("24 hours"), Range.WEEK: _("Week"), Range.MONTH: _("Month"), Range.YEAR: _("Year")}
HEADINGS = {Range.DAY: _("Hour"), Range.WEEK: _("Day"), Range.MONTH: _("Day"), Range.YEAR: _("Month")}
ROW_FORMATS = {Range.DAY: "D H:i", Range.WEEK: "D j F", Range.MONTH: "D j F", Range.YEAR: "F Y"}
DAYS = {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.YEAR: 365}


@dataclass(frozen=True, slots=True)
class Intervals:
    """Neighbouring intervals, as their starts, and where the last one ends."""

    starts: list[datetime]
    end: datetime

    @property
    def ends(self) -> list[datetime]:
        return [*self.starts[1:], self.end]


def hours_until(now: datetime, days: int) -> Intervals:
    """Return the clock hours of the last days; the last one is under way."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
    return Intervals([end - (24 * days - index) * HOUR for index in range(24 * days)], end)


def days_until(now: datetime, days: int, zone: ZoneInfo) -> Intervals:
    """Return so many days of the house; today is the last one."""
    today = now.astimezone(zone).date()
    dates = [today - (days - 1 - index) * DAY for index in range(days + 1)]
    midnights = [datetime.combine(day, time(), zone).astimezone(UTC) for day in dates]
    return Intervals(midnights[:-1], midnights[-1])

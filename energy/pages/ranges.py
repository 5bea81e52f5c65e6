"""Ranges of the house's days: shortcuts to them, the range before, and the intervals in which they are shown.

Nothing here knows a database or a page. A day is the house's, so it can have 23 or 25 hours; a range is counted in
days, and only its moments are in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
MONTHS_IN_A_YEAR = 12
MAX_INTERVALS = 1500
"""What a chart still shows apart, and a table is still read with."""

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
"""Days outside of these are slips of the keyboard."""


class Resolution(StrEnum):
    """The length of an interval."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Kind(StrEnum):
    """What people call a range."""

    DAY = "day"
    WEEK = "week"
    DAYS = "days"
    MONTH = "month"
    MONTHS = "months"
    YEAR = "year"


class Shortcut(StrEnum):
    """A range that has a name; which days it has depends on what day it is."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this-week"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    THIS_YEAR = "this-year"
    TWELVE_MONTHS = "12-months"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def after(self) -> date:
        """The day after the last one."""
        return self.last + DAY

    @property
    def days(self) -> int:
        return (self.after - self.first).days

    @property
    def months(self) -> int | None:
        """How many calendar months it is, if it is whole ones."""
        if self.first.day != 1 or self.after.day != 1:
            return None
        return _month_number(self.after) - _month_number(self.first)

    @property
    def kind(self) -> Kind:
        if self.months is not None:
            if self.months == MONTHS_IN_A_YEAR and self.first.month == 1:
                return Kind.YEAR
            return Kind.MONTH if self.months == 1 else Kind.MONTHS
        if self.days == 7 and self.first.weekday() == 0:
            return Kind.WEEK
        return Kind.DAY if self.days == 1 else Kind.DAYS

    def shifted(self, steps: int) -> "Span":
        """Return the range of the same kind that lies so many of its own lengths later.

        Whole months stay whole months, whatever their lengths.
        """
        if self.months is None:
            return Span(self.first + steps * self.days * DAY, self.last + steps * self.days * DAY)
        first, after = (_plus_months(day, steps * self.months) for day in (self.first, self.after))
        return Span(first, after - DAY)

    def start(self, zone: ZoneInfo) -> datetime:
        return midnight(self.first, zone)

    def end(self, zone: ZoneInfo) -> datetime:
        return midnight(self.after, zone)


def span_of(shortcut: Shortcut, *, today: date, first_day: date) -> Span:
    """Return the days of a shortcut; `first_day` is where all of them begin."""
    month = today.replace(day=1)
    ends = month_end(today)
    return {
        Shortcut.TODAY: Span(today, today),
        Shortcut.YESTERDAY: Span(today - DAY, today - DAY),
        Shortcut.THIS_WEEK: Span(today - today.weekday() * DAY, today + (6 - today.weekday()) * DAY),
        Shortcut.THIS_MONTH: Span(month, ends),
        Shortcut.LAST_MONTH: Span(_plus_months(month, -1), month - DAY),
        Shortcut.THIS_YEAR: Span(date(today.year, 1, 1), date(today.year, 12, 31)),
        Shortcut.TWELVE_MONTHS: Span(_plus_months(month, 1 - MONTHS_IN_A_YEAR), ends),
        Shortcut.ALL: Span(min(first_day, today), today),
    }[shortcut]


def fitting_resolution(span: Span) -> Resolution:
    """Return the resolution in which a range is easiest to read."""
    if span.days <= 2:
        return Resolution.HOUR
    if span.days <= 62:
        return Resolution.DAY
    return Resolution.MONTH if span.days <= 6 * 366 else Resolution.YEAR


def offered_resolutions(span: Span) -> list[Resolution]:
    """Return the resolutions in which a range has more than one interval and not too many."""
    longer_than = {Resolution.HOUR: 0, Resolution.DAY: 1, Resolution.MONTH: 31, Resolution.YEAR: 366}
    return [one for one in Resolution if span.days > longer_than[one] and coarse_enough(span, one) is one]


def widened(span: Span, resolution: Resolution) -> Span:
    """Return the whole months or years that a range touches; a range of hours or days stays as it is."""
    if resolution is Resolution.MONTH:
        return Span(span.first.replace(day=1), month_end(span.last))
    if resolution is Resolution.YEAR:
        return Span(date(span.first.year, 1, 1), date(span.last.year, 12, 31))
    return span


def coarse_enough(span: Span, wanted: Resolution) -> Resolution:
    """Return the wanted resolution, or the next coarser one in which the range has not too many intervals."""
    lengths: Mapping[Resolution, float] = {Resolution.HOUR: 1 / 24, Resolution.DAY: 1, Resolution.MONTH: 28}
    coarser = list(Resolution)[list(Resolution).index(wanted) :]
    return next((one for one in coarser if span.days / lengths.get(one, 365) <= MAX_INTERVALS), Resolution.YEAR)


def intervals(span: Span, resolution: Resolution, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the start and end, in UTC, of each interval of a range that is widened to whole ones."""
    if resolution is Resolution.HOUR:
        return list(_hours(span.start(zone), span.end(zone)))
    return [(midnight(start, zone), midnight(end, zone)) for start, end in _dates(span, resolution)]


def place_in(span: Span, moment: datetime, resolution: Resolution, zone: ZoneInfo) -> tuple[int, int, int]:
    """Return where an interval that starts at a moment stands in a range, so that two ranges can lie side by side.

    Hours stand by the clock on the wall; the hour that the clock shows twice stands in two places.
    """
    local = moment.astimezone(zone)
    if resolution is Resolution.HOUR:
        return (local.date() - span.first).days, local.hour, local.fold
    if resolution is Resolution.DAY:
        return (local.date() - span.first).days, 0, 0
    if resolution is Resolution.MONTH:
        return _month_number(local.date()) - _month_number(span.first), 0, 0
    return local.year - span.first.year, 0, 0


def same_moment_in(before: Span, span: Span, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of the range before that stands as far into it, by calendar and clock, or its end if sooner."""
    local = moment.astimezone(zone)
    day = before.first + (local.date() - span.first)
    same = datetime.combine(day, local.time(), zone).astimezone(UTC)
    return min(same, before.end(zone))


def days_between(start: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Return how many days lie between two moments, by the clock on the wall."""
    return (end.astimezone(zone).replace(tzinfo=None) - start.astimezone(zone).replace(tzinfo=None)) / DAY


def quarter_of(moment: datetime) -> datetime:
    """Return the start of the quarter of an hour in which a moment lies."""
    return moment - (moment - datetime(2000, 1, 1, tzinfo=UTC)) % QUARTER


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day of the house begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def month_end(day: date) -> date:
    return _plus_months(day.replace(day=1), 1) - DAY


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    # Hours are those of UTC: in a zone with half an hour they do not begin with the day.
    hour = start + (-start.minute % 60) * timedelta(minutes=1)
    while hour < end:
        yield hour, hour + HOUR
        hour += HOUR


def _dates(span: Span, resolution: Resolution) -> Iterator[tuple[date, date]]:
    """Yield the first day of each interval of a widened range, and the day after its last."""
    months = {Resolution.MONTH: 1, Resolution.YEAR: MONTHS_IN_A_YEAR}.get(resolution)
    day = span.first
    while day <= span.last:
        after = day + DAY if months is None else _plus_months(day, months)
        yield day, after
        day = after


def _month_number(day: date) -> int:
    return day.year * MONTHS_IN_A_YEAR + day.month - 1


def _plus_months(day: date, months: int) -> date:
    """Return the first day of the month that comes so many months after the month of a day."""
    years, month = divmod(_month_number(day) + months, MONTHS_IN_A_YEAR)
    return date(years, month + 1, 1)

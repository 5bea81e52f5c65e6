"""Comparing a range of days with the range of the same kind before it, fairly.

While a range is under way, only as much of the range before counts as has passed of this one. What nobody measured is
not compared: the range before must be known from its start to there. Where the two are not equally long, as months are
not, it is the use of a day that is compared.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from energy.pages.ranges import Span, days_between, quarter_of, same_moment_in


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of two ranges that can be compared. All four moments are starts of quarters of an hour."""

    start: datetime
    end: datetime
    before_start: datetime
    before_end: datetime
    days: float
    before_days: float
    under_way: bool

    @property
    def by_day(self) -> bool:
        return abs(self.days - self.before_days) > 1e-9


def comparable_parts(span: Span, *, first: datetime, known_until: datetime, zone: ZoneInfo) -> Parts | None:
    """Return what can be compared, if anything: readings are known from `first` to `known_until`."""
    before = span.shifted(-1)
    start, before_start = quarter_of(span.start(zone)), quarter_of(before.start(zone))
    end = min(quarter_of(known_until), span.end(zone))
    if before_start < quarter_of(first) or end <= start:
        return None
    before_end = quarter_of(same_moment_in(before, span, end, zone))
    if end == span.end(zone):
        before_end = before.end(zone)
    return Parts(
        start=start,
        end=end,
        before_start=before_start,
        before_end=before_end,
        days=days_between(start, end, zone),
        before_days=days_between(before_start, before_end, zone),
        under_way=end < span.end(zone),
    )


def change(parts: Parts, *, used: float, used_before: float) -> float | None:
    """Return by which share more was used than before; negative is less. None if nothing was used before."""
    if not used_before or not parts.before_days:
        return None
    scale = parts.before_days / parts.days if parts.by_day else 1.0
    return used * scale / used_before - 1

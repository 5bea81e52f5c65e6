"""The ranges of time that the heat pump's page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from heatpump import selectors
from heatpump.selectors import Moment, Run
from telemetry.selection import Selection

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MAX_RUNS = 2000


class Range(StrEnum):
    """How far back."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


LENGTHS = {Range.DAY: DAY, Range.WEEK: 7 * DAY, Range.MONTH: 31 * DAY, Range.YEAR: 366 * DAY}
STEPS = {Range.DAY: timedelta(minutes=5), Range.WEEK: timedelta(minutes=30), Range.MONTH: HOUR}


@dataclass(frozen=True, slots=True)
class History:
    """What a pump did from `start` to `end`: averages at each step, those of a gap without values, and its runs."""

    range: Range
    start: datetime
    end: datetime
    moments: Sequence[Moment]
    runs: Sequence[Run]
    days: Sequence[selectors.Day]


def chosen_range(word: str | None) -> Range:
    """Return the range of a name; a day for anything that is none."""
    return Range(word) if word in list(Range) else Range.DAY


def history(device_id: str, of: Range) -> History:
    """Read a range that ends now: up to a week from the readings, a month from hours, a year from days."""
    now = timezone.now().astimezone(UTC)
    days = _days(device_id, max(LENGTHS[of], 14 * DAY))
    if of is Range.YEAR:
        return History(of, days[0].day if days else now - LENGTHS[of], now, _every_day(days), [], days)
    step = STEPS[of]
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    start = end - LENGTHS[of]
    if of is Range.MONTH:
        hours = selectors.hours(start=start, end=end, device_id=device_id)
        return History(of, start, end, _every(step, start, end, hours), [], days)
    means = selectors.moments(start=start, end=end, seconds=int(step.total_seconds()), device_id=device_id)
    runs = selectors.compressor_runs(start=start, end=end, device_id=device_id).rows(limit=MAX_RUNS)
    return History(of, start, end, _every(step, start, end, means), runs, days)


def _days(device_id: str, back: timedelta) -> list[selectors.Day]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    days = selectors.days(start=midnight - back, end=midnight + DAY, device_id=device_id)
    return days.rows(limit=back.days + 2)


def _every(step: timedelta, start: datetime, end: datetime, selection: Selection[Moment]) -> list[Moment]:
    """Return a moment for every step, so that a line has a gap where nothing was measured."""
    count = (end - start) // step
    measured = {moment.start: moment for moment in selection.rows(limit=count)}
    starts = (start + step * number for number in range(count))
    return [measured.get(at, _nothing(at)) for at in starts]


def _every_day(days: Sequence[selectors.Day]) -> list[Moment]:
    """Return a moment for every day from the first to the last. A day of the house may have 23 hours, or 25."""
    measured = {timezone.localdate(day.day): day for day in days}
    if not days:
        return []
    first, last = timezone.localtime(days[0].day), timezone.localtime(days[-1].day)
    starts = (first + DAY * number for number in range((last.date() - first.date()).days + 1))
    return [_of_day(measured[at.date()]) if at.date() in measured else _nothing(at) for at in starts]


def _nothing(start: datetime) -> Moment:
    return Moment(start, *[None] * 8)


def _of_day(day: selectors.Day) -> Moment:
    return Moment(
        start=day.day,
        supplyline_temp=day.avg_supplyline_temp,
        returnline_temp=day.avg_returnline_temp,
        hotwater_temp=day.avg_hotwater_temp,
        outdoor_temp=day.avg_outdoor_temp,
        indoor_temp=None,
        brine_in_temp=day.avg_brine_in_temp,
        brine_out_temp=day.avg_brine_out_temp,
        integral=None,
    )

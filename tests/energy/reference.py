"""What energy means, in exact arithmetic: the model that the database is compared with.

It follows the rules and not the database: it sees all readings of one meter at once, and takes every interval's
energy straight from the counter at its ends. Counters are whole Wh and never negative, times are in UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from itertools import pairwise

HOUSE_MAX_WATTS = 100_000
DOUBT = timedelta(hours=1)
"""How long a drop or a jump may still turn out to be bad readings."""
COVERED = timedelta(minutes=5)
"""The longest time between two readings that counts as covered."""

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """A row of the table: the time, and the counter in Wh if the meter sent it."""

    time: datetime
    counter: int | None


@dataclass(frozen=True, slots=True)
class Good:
    """A reading that counts."""

    time: datetime
    counter: int


Run = list[Good]
"""Good readings of one counter, oldest first: it never falls."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Interval:
    """What is known of the time from `start`, included, to `end`, not included."""

    start: datetime
    end: datetime
    energy_wh: int
    measurement_count: int
    coverage: Fraction


class Meter:
    """What the readings of one meter say, given in the order in which they arrived.

    It says nothing of the quarters before its first good reading and after its last, whatever rows they have.
    """

    def __init__(self, arrivals: Iterable[Reading], max_watts: int = HOUSE_MAX_WATTS) -> None:
        rows = stored(arrivals)
        self.runs = runs_of([Good(row.time, row.counter) for row in rows if row.counter is not None], max_watts)
        good = [reading.time for run in self.runs for reading in run]
        self.covered = covered_times(good)
        self.known = list(clock_periods(QUARTER)(good[0], good[-1])) if good else []
        self.times = [row.time for row in rows if good and self.known[0][0] <= row.time < self.known[-1][1]]

    def total_wh(self) -> int:
        """Return last minus first good reading of every run, summed."""
        return sum(run[-1].counter - run[0].counter for run in self.runs)

    def interval(self, start: datetime, end: datetime) -> Interval:
        return Interval(
            start,
            end,
            energy_wh=sum(energy_of_run(run, start, end) for run in self.runs),
            measurement_count=bisect_left(self.times, end) - bisect_left(self.times, start),
            coverage=Fraction(shared(self.covered, start, end) // MICROSECOND, (end - start) // MICROSECOND),
        )

    def quarters(self) -> list[Interval]:
        return self._intervals(clock_periods(QUARTER))

    def hours(self) -> list[Interval]:
        return self._intervals(clock_periods(HOUR))

    def days(self, zone: tzinfo) -> list[Interval]:
        return self._intervals(calendar_periods(zone, same_day, next_day))

    def months(self, zone: tzinfo) -> list[Interval]:
        return self._intervals(calendar_periods(zone, first_of_month, next_month))

    def years(self, zone: tzinfo) -> list[Interval]:
        return self._intervals(calendar_periods(zone, first_of_year, next_year))

    def _intervals(self, periods: "Periods") -> list[Interval]:
        """Return every period from the first known quarter to the last, those without rows too."""
        if not self.known:
            return []
        return [self.interval(start, end) for start, end in periods(self.known[0][0], self.known[-1][0])]


def stored(arrivals: Iterable[Reading]) -> list[Reading]:
    """Return the rows by time; of two with the same time, the first that arrived."""
    rows: dict[datetime, Reading] = {}
    for reading in arrivals:
        rows.setdefault(reading.time, reading)
    return sorted(rows.values(), key=lambda row: row.time)


# Which readings count


def runs_of(readings: Sequence[Good], max_watts: int) -> list[Run]:
    """Judge readings in order of time, and split those that count wherever the counter starts again."""
    if not readings:
        return []
    runs = [[readings[0]]]
    place = 1
    while place < len(readings):
        reading, last = readings[place], runs[-1][-1]
        if reading.counter < last.counter:
            back = end_of_dip(readings, place, last, max_watts)
        elif not plausible(last, reading, max_watts):
            back = end_of_spike(readings, place)
        else:
            back = None
        if back is not None:
            place = back
            continue
        if reading.counter < last.counter:
            runs.append([])
        runs[-1].append(reading)
        place += 1
    return runs


def plausible(last: Good, reading: Good, max_watts: int) -> bool:
    """Tell whether the house can have used the difference, at most `max_watts` all the time."""
    watt_hours = Fraction((reading.time - last.time) // MICROSECOND * max_watts, HOUR // MICROSECOND)
    return reading.counter - last.counter <= watt_hours


def end_of_dip(readings: Sequence[Good], low: int, last: Good, max_watts: int) -> int | None:
    """Return the place of the reading in which the counter came back; None if it did not, and is a new meter's.

    It comes back in one step, to where it was or further. One that has counted up, and could have come that far by
    itself, has not come back.
    """
    for place in range(low + 1, len(readings)):
        if readings[place].time > readings[low].time + DOUBT:
            return None
        if readings[place].counter >= last.counter and plausible(last, readings[place], max_watts):
            below = [one for one in readings[low:place] if one.counter < last.counter]
            counted_up = any(one.counter > readings[low].counter for one in below)
            return None if counted_up and plausible(below[-1], readings[place], max_watts) else place
    return None


def end_of_spike(readings: Sequence[Good], high: int) -> int | None:
    """Return the place of the reading in which the counter fell back; None if it did not, and the jump was real."""
    for place in range(high + 1, len(readings)):
        if readings[place].time > readings[high].time + DOUBT:
            return None
        if readings[place].counter < readings[place - 1].counter:
            return place
    return None


# What they add up to


def energy_of_run(run: Run, start: datetime, end: datetime) -> int:
    """Return the whole Wh that a run counted in an interval: nothing before its first reading or after its last."""
    start, end = max(start, run[0].time), min(end, run[-1].time)
    return rounded(counter_at(run, end)) - rounded(counter_at(run, start)) if start < end else 0


def counter_at(run: Run, moment: datetime) -> Fraction:
    """Return the counter at a moment from the run's first reading to its last, on a straight line between two."""
    after = bisect_right(run, moment, key=lambda reading: reading.time)
    before = run[after - 1]
    if before.time == moment:
        return Fraction(before.counter)
    passed = Fraction((moment - before.time) // MICROSECOND, (run[after].time - before.time) // MICROSECOND)
    return before.counter + (run[after].counter - before.counter) * passed


def rounded(watt_hours: Fraction) -> int:
    """Round to whole Wh, a half up."""
    return (2 * watt_hours + 1) // 2


def covered_times(good: Sequence[datetime]) -> list[Span]:
    """Return the times between two good readings that follow each other closely, in the same run or not."""
    return [(one, other) for one, other in pairwise(good) if other - one <= COVERED]


def shared(spans: Sequence[Span], start: datetime, end: datetime) -> timedelta:
    """Return how much of an interval lies within spans that do not overlap."""
    return sum((min(end, to) - max(start, since) for since, to in spans if since < end and start < to), timedelta())


# The periods that a time span touches

Periods = Callable[[datetime, datetime], Iterator[Span]]
Calendar = Callable[[date], date]


def clock_periods(length: timedelta) -> Periods:
    """Periods of one length, counted in UTC."""

    def periods(first: datetime, last: datetime) -> Iterator[Span]:
        start = first - (first - EPOCH) % length
        while start <= last:
            yield start, start + length
            start += length

    return periods


def calendar_periods(zone: tzinfo, first_day: Calendar, following: Calendar) -> Periods:
    """Periods of whole local days, however long those are."""

    def periods(first: datetime, last: datetime) -> Iterator[Span]:
        day = first_day(first.astimezone(zone).date())
        while midnight(day, zone) <= last:
            yield midnight(day, zone), midnight(following(day), zone)
            day = following(day)

    return periods


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def same_day(day: date) -> date:
    return day


def next_day(day: date) -> date:
    return day + timedelta(days=1)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def first_of_year(day: date) -> date:
    return day.replace(month=1, day=1)


def next_year(first: date) -> date:
    return first.replace(year=first.year + 1)

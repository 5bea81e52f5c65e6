"""What meters send: strategies that make readings, the ways they go wrong, and the ways they arrive."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

from hypothesis import strategies as st

from tests.energy.reference import DOUBT, HOUSE_MAX_WATTS, Reading

ORDINARY = datetime(2026, 6, 10, 10, tzinfo=UTC)
# Each is some hours before it happens in Stockholm.
CLOCKS_GO_FORWARD = datetime(2026, 3, 28, 20, tzinfo=UTC)
CLOCKS_GO_BACK = datetime(2026, 10, 24, 20, tzinfo=UTC)
MONTH_ENDS = datetime(2026, 4, 30, 20, tzinfo=UTC)
LEAP_DAY_BEGINS = datetime(2028, 2, 28, 20, tzinfo=UTC)
YEAR_ENDS = datetime(2026, 12, 31, 20, tzinfo=UTC)
DAYS = (ORDINARY, CLOCKS_GO_FORWARD, CLOCKS_GO_BACK, MONTH_ENDS, LEAP_DAY_BEGINS, YEAR_ENDS)

GAPS = st.sampled_from(
    [
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=5, microseconds=-1),
        timedelta(minutes=5, microseconds=1),
        timedelta(minutes=7, seconds=30),
        timedelta(minutes=15),
        timedelta(minutes=20),
        timedelta(hours=1),
        timedelta(hours=1, microseconds=1),
        timedelta(hours=3, minutes=7),
    ]
)
LONG_GAPS = st.sampled_from([timedelta(hours=11), timedelta(hours=25), timedelta(days=2, hours=1, seconds=7)])


@st.composite
def starts(draw: st.DrawFn) -> datetime:
    """When a meter begins to send: on a quarter of one of the days, or just beside it."""
    quarters = draw(st.integers(0, 12)) * timedelta(minutes=15)
    beside = draw(st.sampled_from([timedelta(), timedelta(seconds=1), timedelta(microseconds=-1)]))
    return draw(st.sampled_from(DAYS)) + quarters + beside


def energy_used(watts: int, passed: timedelta) -> int:
    return watts * passed // timedelta(hours=1)


# A house of which the truth is known: every wrong reading is one that the rules can tell from a true one


@dataclass(frozen=True, slots=True)
class Wrong:
    """Readings between two true ones, evenly in time: the counter is gone, or beyond what anybody can use."""

    messages: int
    counter: int


@dataclass(frozen=True, slots=True)
class TrueStep:
    """From one true reading to the next, and what was wrong in between."""

    passed: timedelta
    watts: int
    wrong: Wrong | None


@dataclass(frozen=True, slots=True)
class HonestHouse:
    """What the meters of a house sent, one after the other, which of it is true, and the Wh that they counted."""

    readings: list[Reading]
    true_readings: list[Reading]
    used_wh: int


BEYOND = 10**15
COUNTED_AT_MOST = 10**8
"""More Wh than one of these meters counts: the next one begins that much lower, and never gets to where it was."""

WRONGS = st.builds(Wrong, st.integers(1, 3), st.sampled_from([0, BEYOND]))
TRUE_STEPS = st.builds(TrueStep, GAPS | GAPS | GAPS | GAPS | LONG_GAPS, st.integers(400, 8000), st.none() | WRONGS)


@st.composite
def honest_houses(draw: st.DrawFn) -> HonestHouse:
    meters = draw(st.lists(st.lists(TRUE_STEPS, min_size=1, max_size=12), min_size=1, max_size=3))
    began = draw(starts())
    readings: list[Reading] = []
    true_readings: list[Reading] = []
    used_wh = 0
    for lower, steps in enumerate(meters):
        true = true_meter(Reading(began, (9 - lower) * COUNTED_AT_MOST), steps)
        readings += with_wrong(true, steps)
        true_readings += true
        used_wh += sum(energy_used(step.watts, step.passed) for step in steps)
        began = true[-1].time + draw(GAPS)
    return HonestHouse(readings, true_readings, used_wh)


def true_meter(first: Reading, steps: Sequence[TrueStep]) -> list[Reading]:
    readings = [first]
    for step in steps:
        last = readings[-1]
        assert last.counter is not None
        readings.append(Reading(last.time + step.passed, last.counter + energy_used(step.watts, step.passed)))
    return readings


def with_wrong(true: Sequence[Reading], steps: Sequence[TrueStep]) -> list[Reading]:
    """Add what was wrong, if it was over within the hour and after the meter was known by two readings."""
    readings = [true[0]]
    for place, step in enumerate(steps):
        if step.wrong and step.passed <= DOUBT and place > 0:
            apart = step.passed / (step.wrong.messages + 1)
            readings += [
                Reading(true[place].time + (number + 1) * apart, step.wrong.counter)
                for number in range(step.wrong.messages)
            ]
        readings.append(true[place + 1])
    return readings


# Meters that do anything, right or wrong


@dataclass(frozen=True, slots=True)
class Step:
    """The time since the reading before, the power used meanwhile, and what the meter makes of its counter."""

    passed: timedelta
    watts: int
    shows: "Shows"


@dataclass(frozen=True, slots=True)
class Shows:
    """The true counter plus `above`, or `instead`; without a counter if both are None. `anew` is a new meter."""

    above: int | None = 0
    instead: int | None = None
    anew: bool = False


TRUTH = Shows()
SHOWS = (
    st.builds(Shows, above=st.sampled_from([1, 1000, 10**6, 10**12, -1, -1000]))
    | st.builds(Shows, instead=st.sampled_from([0, 1, 1000]))
    | st.builds(Shows, instead=st.sampled_from([0, 7, 5000]), anew=st.just(True))
    | st.just(Shows(above=None))
)
WATTS = st.sampled_from([0, HOUSE_MAX_WATTS, HOUSE_MAX_WATTS + 1]) | st.integers(0, 8000)


def steps(shows: st.SearchStrategy[Shows]) -> st.SearchStrategy[Step]:
    return st.builds(Step, GAPS, WATTS, shows)


EPISODES = (
    st.lists(steps(st.just(TRUTH)), min_size=1, max_size=5)
    | st.lists(steps(SHOWS), min_size=1, max_size=3)
    | st.lists(st.builds(Step, LONG_GAPS, WATTS, SHOWS | st.just(TRUTH)), min_size=1, max_size=1)
)


@st.composite
def faulty_meters(draw: st.DrawFn, max_readings: int = 60) -> list[Reading]:
    """Readings of one meter by time, with whatever faults, in episodes of right and wrong ones."""
    began, counter = draw(starts()), draw(st.sampled_from([0, 3, 10**6]) | st.integers(0, 10**9))
    planned = chain(*draw(st.lists(EPISODES, min_size=1, max_size=15)))
    return [Reading(began, counter), *sent(began, counter, planned)][:max_readings]


def sent(time: datetime, counter: int, planned: Iterable[Step]) -> Iterator[Reading]:
    for step in planned:
        time += step.passed
        counter += energy_used(step.watts, step.passed)
        if step.shows.anew and step.shows.instead is not None:
            counter = step.shows.instead
        yield Reading(time, shown(counter, step.shows))


def shown(counter: int, shows: Shows) -> int | None:
    if shows.instead is not None:
        return shows.instead
    return None if shows.above is None else max(0, counter + shows.above)


WILD_COUNTERS = (None, 0, 10, 1000, 5000, 20_000, 50_000, 10**6, 10**7)


@st.composite
def wild_meters(draw: st.DrawFn) -> list[Reading]:
    """Few different counters at few different times: every case of the rules, most of which no meter ever sends."""
    time = draw(starts())
    apart = draw(st.sampled_from([timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]))
    counters = draw(st.lists(st.sampled_from(WILD_COUNTERS), min_size=2, max_size=5, unique=True))
    step = st.tuples(st.integers(1, 3), st.sampled_from(counters))
    # Lists of lists are longer than lists are by themselves.
    steps = draw(st.lists(st.lists(step, min_size=1, max_size=8), min_size=1, max_size=6))
    readings = []
    for times, counter in chain(*steps):
        readings.append(Reading(time, counter))
        time += times * apart
    return readings


def meters() -> st.SearchStrategy[list[Reading]]:
    return faulty_meters() | wild_meters()


# The way to the database


@dataclass(frozen=True, slots=True)
class Delivery:
    """Readings that arrive together, and whether the rollups are refreshed after them."""

    readings: tuple[Reading, ...]
    refresh: bool


@st.composite
def arrivals(draw: st.DrawFn, readings: Sequence[Reading]) -> list[Reading]:
    """The readings in the order in which they arrive: some late, some twice, the second time with other content."""
    places = draw(st.permutations(range(len(readings))) | late(len(readings)))
    again = draw(st.lists(st.tuples(st.sampled_from(places), st.sampled_from([0, None, 10**6])), max_size=2))
    return [readings[place] for place in places] + [Reading(readings[place].time, other) for place, other in again]


@st.composite
def late(draw: st.DrawFn, count: int) -> list[int]:
    """Places in order, but for a few that come last."""
    delayed = draw(st.lists(st.integers(0, count - 1), unique=True, max_size=3))
    return [place for place in range(count) if place not in delayed] + delayed


@st.composite
def deliveries(draw: st.DrawFn, arriving: Sequence[Reading], count: int | None = None) -> list[Delivery]:
    """Cut what arrives into batches, six at most if there is no count."""
    cuts = (count or draw(st.integers(1, 6))) - 1
    places = draw(st.lists(st.integers(0, len(arriving)), min_size=cuts, max_size=cuts).map(sorted))
    edges = pairwise([0, *places, len(arriving)])
    return [Delivery(tuple(arriving[since:to]), draw(st.booleans())) for since, to in edges]

"""Ranges of the house's days: what they are called, what lies before them, and the intervals in them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.pages.ranges import (
    MAX_INTERVALS,
    Kind,
    Resolution,
    Shortcut,
    Span,
    coarse_enough,
    fitting_resolution,
    intervals,
    offered_resolutions,
    place_in,
    same_moment_in,
    span_of,
    widened,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# A Wednesday.
TODAY = date(2025, 11, 26)
days = st.dates(min_value=date(1971, 1, 1), max_value=date(2190, 12, 31))
spans = st.builds(lambda first, length: Span(first, first + timedelta(days=length)), days, st.integers(0, 800))


@pytest.mark.parametrize(
    ("shortcut", "first", "last", "kind"),
    [
        (Shortcut.TODAY, "2025-11-26", "2025-11-26", Kind.DAY),
        (Shortcut.YESTERDAY, "2025-11-25", "2025-11-25", Kind.DAY),
        (Shortcut.THIS_WEEK, "2025-11-24", "2025-11-30", Kind.WEEK),
        (Shortcut.THIS_MONTH, "2025-11-01", "2025-11-30", Kind.MONTH),
        (Shortcut.LAST_MONTH, "2025-10-01", "2025-10-31", Kind.MONTH),
        (Shortcut.THIS_YEAR, "2025-01-01", "2025-12-31", Kind.YEAR),
        (Shortcut.TWELVE_MONTHS, "2024-12-01", "2025-11-30", Kind.MONTHS),
        (Shortcut.ALL, "2024-05-03", "2025-11-26", Kind.DAYS),
    ],
)
def test_a_shortcut_is_the_days_that_its_name_says(shortcut: Shortcut, first: str, last: str, kind: Kind) -> None:
    span = span_of(shortcut, today=TODAY, first_day=date(2024, 5, 3))
    assert span == Span(date.fromisoformat(first), date.fromisoformat(last))
    assert span.kind is kind


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2025-11-26", "2025-11-26", ("2025-11-25", "2025-11-25")),
        ("2025-11-24", "2025-11-30", ("2025-11-17", "2025-11-23")),
        ("2025-03-01", "2025-03-31", ("2025-02-01", "2025-02-28")),
        ("2024-01-01", "2024-12-31", ("2023-01-01", "2023-12-31")),
        ("2025-01-01", "2025-03-31", ("2024-10-01", "2024-12-31")),
        ("2025-03-05", "2025-03-10", ("2025-02-27", "2025-03-04")),
    ],
)
def test_the_range_before_is_of_the_same_kind(first: str, last: str, before: tuple[str, str]) -> None:
    span = Span(date.fromisoformat(first), date.fromisoformat(last))
    assert span.shifted(-1) == Span(*map(date.fromisoformat, before))
    assert span.shifted(-1).kind is span.kind


@given(span=spans)
def test_the_range_after_the_one_before_is_the_range(span: Span) -> None:
    assert span.shifted(-1).after == span.first
    assert span.shifted(-1).shifted(1) == span


@given(span=spans, resolution=st.sampled_from(Resolution))
def test_a_range_is_shown_in_neighbouring_intervals_from_its_start_to_its_end(
    span: Span, resolution: Resolution
) -> None:
    resolution = coarse_enough(span, resolution)
    span = widened(span, resolution)
    found = intervals(span, resolution, STOCKHOLM)
    assert 0 < len(found) <= MAX_INTERVALS + 31
    assert (found[0][0], found[-1][1]) == (span.start(STOCKHOLM), span.end(STOCKHOLM))
    assert all(end == start for (_, end), (start, _) in pairwise(found))
    assert len({place_in(span, start, resolution, STOCKHOLM) for start, _ in found}) == len(found)


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-01", 24)])
def test_a_day_has_the_hours_that_it_has(day: str, hours: int) -> None:
    span = Span(date.fromisoformat(day), date.fromisoformat(day))
    assert len(intervals(span, Resolution.HOUR, STOCKHOLM)) == hours


def test_a_day_begins_at_midnight_and_its_hours_on_the_hour_where_they_differ() -> None:
    span, kathmandu = Span(TODAY, TODAY), ZoneInfo("Asia/Kathmandu")
    assert span.start(kathmandu) == datetime(2025, 11, 25, 18, 15, tzinfo=UTC)
    assert intervals(span, Resolution.HOUR, kathmandu)[0][0] == datetime(2025, 11, 25, 19, tzinfo=UTC)


def test_the_hour_that_the_clock_shows_twice_has_two_places() -> None:
    span = Span(date(2025, 10, 26), date(2025, 10, 26))
    first, second = datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    assert place_in(span, first, Resolution.HOUR, STOCKHOLM) == (0, 2, 0)
    assert place_in(span, second, Resolution.HOUR, STOCKHOLM) == (0, 2, 1)


def test_the_same_moment_of_a_shorter_month_is_its_end() -> None:
    march, february = Span(date(2025, 3, 1), date(2025, 3, 31)), Span(date(2025, 2, 1), date(2025, 2, 28))
    thirtieth = datetime(2025, 3, 30, 12, tzinfo=UTC)
    assert same_moment_in(february, march, thirtieth, STOCKHOLM) == february.end(STOCKHOLM)


def test_the_same_moment_is_that_of_the_clock_on_the_wall() -> None:
    after, before = Span(date(2025, 3, 30), date(2025, 3, 30)), Span(date(2025, 3, 29), date(2025, 3, 29))
    noon_in_summer = datetime(2025, 3, 30, 10, tzinfo=UTC)
    assert same_moment_in(before, after, noon_in_summer, STOCKHOLM) == datetime(2025, 3, 29, 11, tzinfo=UTC)


def test_a_range_with_too_many_hours_is_shown_in_days() -> None:
    year = Span(date(2025, 1, 1), date(2025, 12, 31))
    assert fitting_resolution(year) is Resolution.MONTH
    assert coarse_enough(year, Resolution.HOUR) is Resolution.DAY
    assert offered_resolutions(year) == [Resolution.DAY, Resolution.MONTH]

"""What of two ranges is compared, and the sentence that says so."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from energy.pages.comparison import Parts, change, comparable_parts
from energy.pages.ranges import Span
from energy.pages.words import comparison_sentence

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
WEEK = Span(date(2025, 11, 17), date(2025, 11, 23))
MARCH = Span(date(2025, 3, 1), date(2025, 3, 31))
FEBRUARY = Span(date(2025, 2, 1), date(2025, 2, 28))


def parts(span: Span, known_until: datetime = LATER) -> Parts:
    found = comparable_parts(span, first=LONG_AGO, known_until=known_until, zone=STOCKHOLM)
    assert found is not None
    return found


def sentence(span: Span, used: float, before: float, known_until: datetime = LATER) -> str:
    compared = parts(span, known_until)
    return comparison_sentence(span, compared, change(compared, used=used, used_before=before))


def test_a_whole_week_is_compared_with_the_whole_week_before() -> None:
    found = parts(WEEK)
    assert (found.start, found.end) == (WEEK.start(STOCKHOLM), WEEK.end(STOCKHOLM))
    assert (found.before_start, found.before_end) == (datetime(2025, 11, 9, 23, tzinfo=UTC), WEEK.start(STOCKHOLM))
    assert sentence(WEEK, 88, 100) == "12\N{NO-BREAK SPACE}% less than the week before."


def test_a_week_under_way_is_compared_until_the_same_time() -> None:
    found = parts(WEEK, datetime(2025, 11, 19, 11, 7, tzinfo=UTC))
    assert found.end == datetime(2025, 11, 19, 11, tzinfo=UTC)
    assert found.before_end == datetime(2025, 11, 12, 11, tzinfo=UTC)
    said = sentence(WEEK, 150, 100, datetime(2025, 11, 19, 11, 7, tzinfo=UTC))
    assert said == "50\N{NO-BREAK SPACE}% more than the week before until the same time."


def test_months_of_different_length_are_compared_by_day() -> None:
    assert sentence(MARCH, 310, 280) == "As much as the month before, by day."
    assert sentence(MARCH, 310, 560) == "50\N{NO-BREAK SPACE}% less than the month before, by day."


def test_a_month_with_a_change_of_the_clock_has_as_many_days_as_the_calendar() -> None:
    assert parts(MARCH).days == 31
    assert parts(MARCH).before_days == 28


def test_a_shorter_month_is_compared_until_its_end_and_by_day() -> None:
    found = parts(MARCH, datetime(2025, 3, 30, 22, tzinfo=UTC))
    assert found.before_end == FEBRUARY.end(STOCKHOLM)
    assert (found.days, found.before_days) == (30, 28)


@pytest.mark.parametrize("first", [datetime(2025, 11, 12, tzinfo=UTC), datetime(2025, 11, 20, tzinfo=UTC)])
def test_a_range_that_was_not_measured_from_its_start_is_not_compared_with(first: datetime) -> None:
    compared = comparable_parts(WEEK, first=first, known_until=LATER, zone=STOCKHOLM)
    assert compared is None
    said = comparison_sentence(WEEK, compared, None)
    assert said == "There is nothing to compare with: measurements do not cover the week before."


def test_a_range_that_has_not_begun_is_not_compared() -> None:
    assert comparable_parts(WEEK, first=LONG_AGO, known_until=WEEK.start(STOCKHOLM), zone=STOCKHOLM) is None


def test_more_than_nothing_is_no_percentage() -> None:
    assert change(parts(WEEK), used=5, used_before=0) is None

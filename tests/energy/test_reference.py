"""Examples worked out by hand, so that the model the database is compared with can be trusted itself."""

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from tests.energy.curves import HonestHouse, honest_houses
from tests.energy.reference import Interval, Meter, Reading, rounded

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(clock: str) -> datetime:
    """Return a time of 10 June 2026, or of the day that comes first."""
    return datetime.fromisoformat(clock if "T" in clock else f"2026-06-10T{clock}").replace(tzinfo=UTC)


def meter(*readings: tuple[str, int | None]) -> Meter:
    return Meter(Reading(at(clock), counter) for clock, counter in readings)


def runs(*readings: tuple[str, int | None]) -> list[list[int]]:
    return [[reading.counter for reading in run] for run in meter(*readings).runs]


def energies(intervals: list[Interval]) -> list[int]:
    return [interval.energy_wh for interval in intervals]


# Which readings count


def test_a_counter_that_rises_or_stands_is_one_run() -> None:
    assert runs(("10:00", 1000), ("10:10", 1000), ("10:20", 1500)) == [[1000, 1000, 1500]]


def test_a_meter_that_sent_nothing_has_no_run() -> None:
    assert runs() == []
    assert runs(("10:00", None)) == []


def test_a_new_meter_begins_a_new_run() -> None:
    assert runs(("10:00", 5000), ("10:10", 3), ("10:20", 10), ("10:30", 20)) == [[5000], [3, 10, 20]]


def test_a_counter_that_comes_back_in_one_step_was_never_low() -> None:
    assert runs(("10:00", 5000), ("10:10", 0), ("10:20", 5100)) == [[5000, 5100]]


def test_several_low_readings_are_bad_together() -> None:
    assert runs(("10:00", 5000), ("10:10", 40), ("10:20", 0), ("10:30", 40), ("10:40", 5000)) == [[5000, 5000]]


def test_a_counter_that_stays_low_to_the_end_is_a_new_meter() -> None:
    assert runs(("10:00", 5000), ("10:10", 0), ("10:20", 0)) == [[5000], [0, 0]]


def test_a_drop_may_last_an_hour_and_no_longer() -> None:
    assert runs(("10:00", 5000), ("10:10", 0), ("11:10", 5100)) == [[5000, 5100]]
    assert runs(("10:00", 5000), ("10:10", 0), ("11:10:00.000001", 5100)) == [[5000], [0, 5100]]


def test_the_hour_counts_from_the_first_low_reading() -> None:
    assert runs(("06:00", 5000), ("10:10", 0), ("11:00", 5100)) == [[5000, 5100]]


def test_a_counter_that_rises_from_its_low_is_a_new_meter_even_if_it_passes_the_old() -> None:
    assert runs(("10:00", 5000), ("10:10", 0), ("10:20", 1), ("10:30", 5100)) == [[5000], [0, 1, 5100]]


def test_low_readings_that_count_up_are_bad_if_the_counter_then_jumps_back() -> None:
    assert runs(("10:00", 10**6), ("10:01", 0), ("10:02", 3), ("10:03", 10**6 + 10)) == [[10**6, 10**6 + 10]]


def test_a_spike_in_the_first_hour_of_a_new_meter_is_no_coming_back() -> None:
    assert runs(("10:00", 1000), ("10:01", 5), ("10:02", 6), ("10:03", 10**9), ("10:04", 7)) == [[1000], [5, 6, 7]]


def test_what_follows_a_new_meters_first_reading_is_judged_by_that_reading() -> None:
    assert runs(("10:00", 5000), ("10:10", 500), ("10:20", 0), ("10:30", 600), ("10:40", 700)) == [
        [5000],
        [500, 600, 700],
    ]


def test_the_reading_that_came_back_is_judged_like_any_other() -> None:
    assert runs(("10:00", 5000), ("10:10", 0), ("10:20", 900_000), ("10:30", 5100)) == [[5000, 5100]]


def test_a_jump_that_falls_back_in_one_step_never_was() -> None:
    assert runs(("10:00", 5000), ("10:10", 900_000), ("10:20", 5100)) == [[5000, 5100]]


def test_several_high_readings_are_bad_together() -> None:
    assert runs(("10:00", 5000), ("10:10", 900_000), ("10:20", 900_000), ("10:30", 900_001), ("10:40", 5000)) == [
        [5000, 5000]
    ]


def test_a_jump_that_stays_is_real_and_the_same_run() -> None:
    assert runs(("10:00", 5000), ("10:10", 900_000), ("10:20", 900_100)) == [[5000, 900_000, 900_100]]


def test_a_jump_may_last_an_hour_and_no_longer() -> None:
    assert runs(("10:00", 5000), ("10:10", 900_000), ("11:10", 5100)) == [[5000, 5100]]
    assert runs(("10:00", 5000), ("10:10", 900_000), ("11:10:00.000001", 5100)) == [[5000, 900_000], [5100]]


def test_a_jump_is_one_that_needs_more_than_100_kw() -> None:
    assert runs(("10:00", 0), ("10:36", 60_000), ("10:40", 50_000), ("10:50", 50_001)) == [
        [0, 60_000],
        [50_000, 50_001],
    ]
    assert runs(("10:00", 0), ("10:36", 60_001), ("10:40", 50_000), ("10:50", 50_001)) == [[0, 50_000, 50_001]]


def test_the_house_says_how_much_it_can_use() -> None:
    readings = [Reading(at("10:00"), 0), Reading(at("11:00"), 2000), Reading(at("11:10"), 100)]
    assert [len(run) for run in Meter(readings, max_watts=2000).runs] == [2, 1]
    assert [len(run) for run in Meter(readings, max_watts=1999).runs] == [2]


def test_a_jump_may_fall_back_below_where_it_began_and_is_then_a_new_meter_too() -> None:
    assert runs(("10:00", 5000), ("10:10", 900_000), ("10:20", 3), ("10:30", 10)) == [[5000], [3, 10]]


def test_of_two_readings_with_the_same_time_the_first_that_arrived_counts() -> None:
    assert runs(("10:10", 7), ("10:00", 5), ("10:10", 9)) == [[5, 7]]


# What they add up to


def test_a_counter_is_interpolated_at_the_edges_of_the_quarters() -> None:
    assert energies(meter(("10:10", 1000), ("10:20", 1600), ("10:30", 1700)).quarters()) == [300, 400, 0]


def test_a_gap_is_spread_evenly() -> None:
    assert energies(meter(("10:00", 0), ("11:00", 1000)).quarters()) == [250, 250, 250, 250, 0]


def test_rounding_loses_nothing() -> None:
    assert energies(meter(("10:00", 0), ("10:45", 10)).quarters()) == [3, 4, 3, 0]


@pytest.mark.parametrize(("exact", "whole"), [("5/2", 3), ("7/2", 4), ("2.499", 2), ("0", 0)])
def test_a_half_is_rounded_up(exact: str, whole: int) -> None:
    assert rounded(Fraction(exact)) == whole


def test_nothing_is_counted_between_runs_and_the_rows_are_there() -> None:
    quarters = meter(("10:00", 5000), ("10:15", 5100), ("11:00", 0), ("11:01", 1), ("11:15", 200)).quarters()
    assert energies(quarters) == [100, 0, 0, 0, 200, 0]
    assert [quarter.measurement_count for quarter in quarters] == [1, 1, 0, 0, 2, 1]


def test_a_bad_reading_changes_nothing_but_the_count() -> None:
    quarters = meter(("10:00", 5000), ("10:10", 0), ("10:15", 5100)).quarters()
    assert [(quarter.energy_wh, quarter.measurement_count) for quarter in quarters] == [(100, 2), (0, 1)]


def test_a_row_without_a_counter_only_counts_as_a_row() -> None:
    (quarter, _) = meter(("10:00", 5000), ("10:05", None), ("10:15", 5100)).quarters()
    assert (quarter.energy_wh, quarter.measurement_count) == (100, 2)


def test_quarters_begin_and_end_with_the_first_and_the_last_good_reading() -> None:
    rows = meter(("09:59", None), ("10:00", None), ("10:01", 1), ("10:16", 2), ("10:17", None), ("10:30", None))
    assert [quarter.start for quarter in rows.quarters()] == [at("10:00"), at("10:15")]
    assert [quarter.measurement_count for quarter in rows.quarters()] == [2, 2]
    assert [hour.measurement_count for hour in rows.hours()] == [4]


def test_only_readings_at_most_5_minutes_apart_cover_the_time_between_them() -> None:
    (quarter,) = meter(("10:01", 0), ("10:06", 1), ("10:11:00.000001", 2), ("10:12:00.000001", 3)).quarters()
    assert quarter.coverage == Fraction(6, 15)


def test_coverage_is_a_share_of_the_whole_interval_and_reaches_over_its_edges() -> None:
    first, second = meter(("10:13", 0), ("10:17", 1)).quarters()
    assert (first.coverage, second.coverage) == (Fraction(2, 15), Fraction(2, 15))
    (hour,) = meter(("10:13", 0), ("10:17", 1)).hours()
    assert hour.coverage == Fraction(4, 60)


def test_time_between_two_runs_is_covered_too() -> None:
    (quarter,) = meter(("10:00", 5000), ("10:03", 0), ("10:06", 1)).quarters()
    assert quarter.coverage == Fraction(6, 15)


def test_a_bad_reading_covers_nothing() -> None:
    (quarter,) = meter(("10:00", 5000), ("10:04", 0), ("10:08", 5001)).quarters()
    assert quarter.coverage == 0


# Days, months and years


def test_the_day_that_the_clocks_go_forward_has_23_hours() -> None:
    spring = meter(("2026-03-28T23:00", 0), ("2026-03-29T22:00", 2300))
    day, next_day = spring.days(STOCKHOLM)
    assert (day.start, day.end) == (at("2026-03-28T23:00"), at("2026-03-29T22:00"))
    assert (day.energy_wh, next_day.energy_wh) == (2300, 0)
    assert len(spring.quarters()) == 92 + 1


def test_the_day_that_the_clocks_go_back_has_25_hours_and_shows_02_00_twice() -> None:
    autumn = meter(("2026-10-24T22:00", 0), ("2026-10-25T23:00", 2500))
    day, _ = autumn.days(STOCKHOLM)
    assert (day.start, day.end, day.energy_wh) == (at("2026-10-24T22:00"), at("2026-10-25T23:00"), 2500)
    assert len(autumn.quarters()) == 100 + 1
    twice = [hour for hour in autumn.hours() if hour.start.astimezone(STOCKHOLM).hour == 2]
    assert [(hour.start, hour.energy_wh) for hour in twice[:2]] == [
        (at("2026-10-25T00:00"), 100),
        (at("2026-10-25T01:00"), 100),
    ]


def test_months_and_years_end_at_the_houses_midnight() -> None:
    new_year = meter(("2026-12-31T22:00", 0), ("2027-01-01T00:00", 200))
    assert [(month.start, month.end, month.energy_wh) for month in new_year.months(STOCKHOLM)] == [
        (at("2026-11-30T23:00"), at("2026-12-31T23:00"), 100),
        (at("2026-12-31T23:00"), at("2027-01-31T23:00"), 100),
    ]
    assert [(year.start, year.end, year.energy_wh) for year in new_year.years(STOCKHOLM)] == [
        (at("2025-12-31T23:00"), at("2026-12-31T23:00"), 100),
        (at("2026-12-31T23:00"), at("2027-12-31T23:00"), 100),
    ]


# What holds for every house


@settings(deadline=None)
@given(honest_houses())
def test_what_was_used_is_what_is_counted(house: HonestHouse) -> None:
    assert Meter(house.readings).total_wh() == house.used_wh


@settings(deadline=None)
@given(honest_houses())
def test_readings_that_were_wrong_move_no_energy(house: HonestHouse) -> None:
    quarters = Meter(house.readings).quarters()
    assert energies(quarters) == energies(Meter(house.true_readings).quarters())
    assert sum(energies(quarters)) == house.used_wh

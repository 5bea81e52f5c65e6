"""What the heat pump's page reads of the past."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from heatpump import selectors
from heatpump.pages.charts import temperatures_chart
from heatpump.pages.ranges import Range, chosen_range, history
from heatpump.selectors import Run
from telemetry.schema.runner import Connection
from tests.api_fixture import execute
from tests.heatpump.test_api_heatpump import HOUR, MINUTE, NOON, read

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


def runs(readings: Connection) -> list[Run]:
    return selectors.compressor_runs(start=NOON, end=NOON + HOUR, device_id="pump").rows(limit=100)


def test_readings_in_a_row_are_one_run(readings: Connection) -> None:
    for minute, on in enumerate([False, True, True, True, False, True, False]):
        read(readings, NOON + minute * MINUTE, compressor_on=on)
    assert runs(readings) == [
        Run(NOON + MINUTE, NOON + 4 * MINUTE),
        Run(NOON + 5 * MINUTE, NOON + 6 * MINUTE),
    ]


def test_a_run_ends_five_minutes_into_a_silence(readings: Connection) -> None:
    read(readings, NOON, compressor_on=True)
    read(readings, NOON + 30 * MINUTE, compressor_on=True)
    read(readings, NOON + 31 * MINUTE, compressor_on=False)
    assert runs(readings) == [
        Run(NOON, NOON + 5 * MINUTE),
        Run(NOON + 30 * MINUTE, NOON + 31 * MINUTE),
    ]


def test_another_pump_does_not_count(readings: Connection) -> None:
    read(readings, NOON, "other", compressor_on=True)
    read(readings, NOON + MINUTE, "other", compressor_on=True)
    assert runs(readings) == []


@pytest.mark.parametrize("of", [Range.DAY, Range.WEEK, Range.MONTH])
def test_a_silence_is_a_gap_in_the_line(readings: Connection, of: Range) -> None:
    now = timezone.now()
    read(readings, now - 20 * HOUR, supplyline_temp=30.0)
    read(readings, now - 10 * HOUR, supplyline_temp=40.0)
    moments = history("pump", of).moments
    assert [moment.supplyline_temp for moment in moments if moment.supplyline_temp is not None] == [30, 40]
    (step,) = {later.start - earlier.start for earlier, later in pairwise(moments)}
    assert len(moments) * step >= timedelta(days=1)


def test_a_year_is_read_from_days(readings: Connection) -> None:
    # The same time of the house's clock, whatever became of that in between.
    now = timezone.localtime()
    read(readings, now - timedelta(days=40), supplyline_temp=30.0)
    read(readings, now - timedelta(days=38), supplyline_temp=40.0)
    execute(readings, "SELECT refresh_rollups()")
    past = history("pump", Range.YEAR)
    assert [moment.supplyline_temp for moment in past.moments] == [30, None, 40]
    assert len(temperatures_chart(past).series) == 1


def test_a_pump_that_never_spoke_has_an_empty_history(readings: Connection) -> None:
    assert history("pump", Range.YEAR).moments == []
    assert temperatures_chart(history("pump", Range.DAY)).series == []


def test_a_range_that_does_not_exist_is_a_day() -> None:
    assert chosen_range("century") is Range.DAY

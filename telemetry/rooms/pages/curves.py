"""Curves of a room: single readings over a day, hours over a month, days over a year. Gaps stay gaps."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean

from django.utils.translation import gettext as _

from homelab_site.charts import Chart, Look, Series, Step
from telemetry.rooms.pages.ranges import Intervals
from telemetry.rooms.selectors import Climate, RoomReading

MOMENT = timedelta(seconds=1)

Values = Sequence[float | None]


def reading_curve(
    title: str, label: str, readings: Sequence[RoomReading], *, start: datetime, end: datetime, quiet: timedelta
) -> Chart:
    """Draw single readings, oldest first; where a room has several sensors, their mean.

    A value holds until the sensor's next one, for as long as a sensor may be `quiet`. So the readings should begin that
    much earlier than the chart.
    """
    by_sensor: dict[str, list[RoomReading]] = {}
    for reading in readings:
        by_sensor.setdefault(reading.device_id, []).append(reading)
    times = sorted({start, end, *(time for those in by_sensor.values() for time in _moments(those, quiet))})
    temperatures = [
        carried(times, {one.time: one.temperature_c for one in those}, quiet) for those in by_sensor.values()
    ]
    humidities = [carried(times, {one.time: one.humidity for one in those}, quiet) for those in by_sensor.values()]
    first = times.index(start)
    return Chart(
        title=title,
        label=label,
        step=Step.MOMENT,
        start=start,
        end=end,
        times=times[first:],
        series=[_temperature(_means(times, temperatures)[first:]), _humidity(_means(times, humidities)[first:])],
    )


def interval_curve(title: str, label: str, rows: Sequence[Climate], intervals: Intervals, step: Step) -> Chart:
    """Draw the means of hours, or those of days between their lowest and highest temperature."""
    known = {row.time: row for row in rows}
    found = [known.get(start) for start in intervals.starts]
    means = [row.temperature_c if row else None for row in found]
    highest = [row.highest_c if row else None for row in found]
    lowest = [row.lowest_c if row else None for row in found]
    humidity = [row.humidity if row else None for row in found]
    return Chart(
        title=title,
        label=label,
        step=step,
        start=intervals.starts[0],
        end=intervals.end,
        times=intervals.starts,
        ends=intervals.ends,
        series=[*(_area(lowest, highest) if step is Step.DAY else []), _temperature(means), _humidity(humidity)],
    )


def carried(
    times: Sequence[datetime], said: Mapping[datetime, float | None], quiet: timedelta
) -> Iterator[float | None]:
    """Yield at each time what a sensor said last, unless that is longer ago than it may be quiet."""
    value, at = None, times[0]
    for time in times:
        if said.get(time) is not None:
            value, at = said[time], time
        yield value if time - at <= quiet else None


def _moments(readings: Sequence[RoomReading], quiet: timedelta) -> Iterator[datetime]:
    """Yield when a sensor's values change, and when one no longer holds."""
    for earlier, later in pairwise(readings):
        yield earlier.time
        if later.time - earlier.time > quiet:
            yield earlier.time + quiet + MOMENT
    yield readings[-1].time


def _means(times: Sequence[datetime], curves: Sequence[Iterator[float | None]]) -> list[float | None]:
    """Return the mean of the curves at each time, of those that have a value there."""
    known = ([value for value in values if value is not None] for _time, *values in zip(times, *curves, strict=True))
    return [fmean(values) if values else None for values in known]


def _temperature(values: Values) -> Series:
    return Series(label=_("Temperature"), unit="°C", values=values, colour="warm")


def _humidity(values: Values) -> Series:
    return Series(label=_("Humidity"), unit="%", values=values, colour="water", decimals=0)


def _area(lowest: Values, highest: Values) -> list[Series]:
    return [
        Series(label=_("Lowest and highest"), unit="°C", values=highest, look=Look.EDGE, colour="warm"),
        Series(label="", unit="°C", values=lowest, look=Look.HIDDEN, colour="warm"),
    ]

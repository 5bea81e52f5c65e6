"""The charts of the heat pump's page."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from heatpump.pages.ranges import DAY, HOUR, History, Range
from heatpump.selectors import Moment
from homelab_site.charts import Chart, Look, Series, Step

MINUTES = "°C·min"


def temperatures_chart(history: History) -> Chart:
    return _over_time(
        history,
        _("Temperatures of the heat pump"),
        [
            _line(history, "supplyline_temp", _("Supply"), "warm"),
            _line(history, "returnline_temp", _("Return"), "brine"),
            _line(history, "hotwater_temp", _("Hot water"), "water"),
            _line(history, "indoor_temp", _("Indoors"), "production"),
            _line(history, "outdoor_temp", _("Outdoors"), "cold"),
        ],
    )


def ground_chart(history: History) -> Chart:
    return _over_time(
        history,
        _("Brine and integral"),
        [
            _line(history, "brine_in_temp", _("Brine in"), "cold"),
            _line(history, "brine_out_temp", _("Brine out"), "brine"),
            _line(history, "integral", _("Integral"), "warm", unit=MINUTES, decimals=0),
        ],
    )


def run_time_chart(history: History) -> Chart:
    days = history.days
    compressor = [day.daily_runtime_compressor_increase for day in days]
    hot_water = [day.daily_runtime_hotwater_increase for day in days]
    starts = [day.day for day in days]
    ends = [*starts[1:], starts[-1] + DAY]
    return Chart(
        label=_("Hours that the compressor ran, by day"),
        title=_("Run time by day, h"),
        step=Step.DAY,
        start=starts[0],
        end=ends[-1],
        times=starts,
        ends=ends,
        series=[
            Series(label=_("Compressor"), unit="h", values=compressor, look=Look.BEHIND, colour="behind"),
            Series(label=_("Hot water"), unit="h", values=hot_water, look=Look.BARS, colour="water"),
        ],
    )


def _over_time(history: History, label: str, series: Sequence[Series]) -> Chart:
    by_day = history.range is Range.YEAR
    times = [moment.start for moment in history.moments]
    return Chart(
        label=label,
        title=label,
        step=Step.DAY if by_day else Step.HOUR if history.range is Range.MONTH else Step.MOMENT,
        start=history.start,
        end=history.end,
        times=times,
        ends=[start + HOUR for start in times] if history.range is Range.MONTH else [],
        series=[line for line in series if any(value is not None for value in line.values)],
        bands=[(run.start, run.end) for run in history.runs],
        band_label=_("Compressor on") if history.runs else "",
    )


def _line(history: History, member: str, label: str, colour: str, *, unit: str = "°C", decimals: int = 1) -> Series:
    values = [_value(moment, member) for moment in history.moments]
    return Series(label=label, unit=unit, values=values, colour=colour, decimals=decimals)


def _value(moment: Moment, member: str) -> float | None:
    value: float | None = getattr(moment, member)
    return None if value is None else round(value, 2)

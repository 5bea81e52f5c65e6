"""Numbers as lengths of the overview's drawings."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from energy.selectors import Reading
from homelab_site.overview.selectors import House

SCALES_KW = (3, 5, 10, 15, 20, 30, 50, 75, 100)
MEASURED_WHOLE = 0.95
"""A past hour with less coverage is drawn as one that was not measured whole."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour: its height in percent of the highest, and its kWh; None where nothing was measured."""

    start: datetime
    kwh: float | None
    height: float
    is_whole: bool
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class Gauge:
    """A power in W, and what it is in percent of the scale."""

    key: str
    title: str
    watts: int | None
    percent: float


def dial_scale(house: House) -> int:
    """Return the end of the dial in kW: a round number that the last day did not pass."""
    drawn = house.power.consumption_total_actual_w if house.power else None
    peaks = [hour.most_kw for __, hour in house.hours if hour]
    highest = max([*peaks, (drawn or 0) / 1000])
    return next((scale for scale in SCALES_KW if scale >= highest), SCALES_KW[-1])


def gauges(power: Reading, scale: int) -> list[Gauge]:
    """Return the total and what stands beside it, drawn to the dial's scale in kW."""
    return [
        Gauge(key, title, watts, 100 * min(max((watts or 0) / 1000 / scale, 0.0), 1.0))
        for key, title, watts in (
            ("total", _("Power now"), power.consumption_total_actual_w),
            ("l1", "L1", power.consumption_l1_actual_w),
            ("l2", "L2", power.consumption_l2_actual_w),
            ("l3", "L3", power.consumption_l3_actual_w),
            ("production", _("Production"), power.production_actual_w),
        )
    ]


def highest_hour(house: House) -> float:
    """Return the most that an hour used, kWh."""
    return max((hour.kwh for __, hour in house.hours if hour), default=0.0)


def bars(house: House) -> list[Bar]:
    """Return the last hours as bars; each sixth hour of the house's clock has a label."""
    highest = highest_hour(house)
    drawn = []
    for start, hour in house.hours:
        local = timezone.localtime(start)
        kwh = hour.kwh if hour else None
        under_way = start == house.hours[-1][0]
        drawn.append(
            Bar(
                start=local,
                kwh=kwh,
                height=round(100 * (kwh or 0) / highest, 1) if highest else 0.0,
                is_whole=hour is not None and (under_way or hour.coverage >= MEASURED_WHOLE),
                is_labelled=local.hour % 6 == 0,
            )
        )
    return drawn

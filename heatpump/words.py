"""What a heat pump does, in plain words."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from heatpump.selectors import Reading, Trend

ALARMS = {
    "alarm_indication": gettext_lazy("alarm indication"),
    "high_pressure": gettext_lazy("high pressure"),
    "low_pressure": gettext_lazy("low pressure"),
    "motor_breaker": gettext_lazy("motor breaker"),
    "low_brine_flow": gettext_lazy("low brine flow"),
    "low_brine_temperature": gettext_lazy("low brine temperature"),
    "outdoor_sensor": gettext_lazy("outdoor sensor"),
    "supply_sensor": gettext_lazy("supply line sensor"),
    "return_sensor": gettext_lazy("return line sensor"),
    "hot_water_sensor": gettext_lazy("hot water sensor"),
    "indoor_sensor": gettext_lazy("indoor sensor"),
    "phase_order": gettext_lazy("phase order"),
    "overheating": gettext_lazy("overheating"),
}
TRENDS = {
    Trend.RISING: gettext_lazy("rising"),
    Trend.FALLING: gettext_lazy("falling"),
    Trend.STABLE: gettext_lazy("stable"),
}


def doing(reading: Reading) -> str:
    """Return what the pump is doing, in a word or two."""
    electric = bool(reading.aux_heater_3kw_on or reading.aux_heater_6kw_on)
    if reading.compressor_on is None and not electric:
        return _("Unknown")
    if not (reading.compressor_on or electric):
        return _("Resting")
    if reading.hotwater_production:
        return _("Making hot water")
    return _("Heating") if reading.compressor_on else _("Heating with electricity")


def running(reading: Reading) -> list[str]:
    """Return what runs."""
    words = []
    if reading.compressor_on is not None:
        words.append(_("compressor on") if reading.compressor_on else _("compressor off"))
    if reading.aux_heater_3kw_on:
        words.append(_("electric heater 3 kW on"))
    if reading.aux_heater_6kw_on:
        words.append(_("electric heater 6 kW on"))
    return words


def temperatures(reading: Reading) -> list[tuple[str, float, int]]:
    """Return the temperatures that were measured, degC, each with what it is of and with how many decimals it comes."""
    measured = (
        (_("Supply"), reading.supplyline_temp, 0),
        (_("Return"), reading.returnline_temp, 0),
        (_("Hot water"), reading.hotwater_temp, 0),
        (_("Outdoors"), reading.outdoor_temp, 0),
        (_("Indoors"), reading.indoor_temp, 1),
        (_("Brine in"), reading.brine_in_temp, 0),
        (_("Brine out"), reading.brine_out_temp, 0),
    )
    return [(title, value, places) for title, value, places in measured if value is not None]


def alarms(names: Iterable[str] | None) -> list[str]:
    """Return the alarms as people call them; one without a word of ours keeps its name."""
    return [str(ALARMS.get(name, name)) for name in names or ()]


def trend(reading: Reading) -> str:
    """Return where the integral goes, if that is known."""
    return str(TRENDS[Trend(reading.integral_trend)]) if reading.integral_trend else ""

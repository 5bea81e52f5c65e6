"""Settings and commands of the heat pump in plain words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from heatpump.outbox.models import Command, Reason, Status
from heatpump.pages.ranges import Range

LONGEST_UNGROUPED: Final = 9999
"""Four digits are read at a glance."""


def _curve_at(degrees: str) -> Any:
    return format_lazy(gettext_lazy("Curve at {temperature} outdoors"), temperature=f"{degrees}\N{NO-BREAK SPACE}°C")


UNITS: Final = {"degC": "°C", "degC min": "°C·min"}
SETTING_TITLES: Final = {
    "indoor_target_temp": gettext_lazy("Wanted room temperature"),
    "mode": gettext_lazy("Mode"),
    "curve": gettext_lazy("Heat curve"),
    "curve_min": gettext_lazy("Lowest supply temperature"),
    "curve_max": gettext_lazy("Highest supply temperature"),
    "curve_plus_5": _curve_at("+5"),
    "curve_zero": _curve_at("0"),
    "curve_minus_5": _curve_at("\N{MINUS SIGN}5"),
    "heatstop": gettext_lazy("No heating from, outdoors"),
    "integral_setting": gettext_lazy("Integral at which the compressor starts"),
}
MODES: Final = {
    0: gettext_lazy("Off"),
    1: gettext_lazy("Automatic"),
    2: gettext_lazy("Heat pump only"),
    3: gettext_lazy("Electric heater only"),
    4: gettext_lazy("Hot water only"),
}
RANGE_TITLES: Final = [
    (Range.DAY, gettext_lazy("24 hours")),
    (Range.WEEK, gettext_lazy("Week")),
    (Range.MONTH, gettext_lazy("Month")),
    (Range.YEAR, gettext_lazy("Year")),
]
STATES: Final = {
    Status.PENDING: gettext_lazy("waiting to be sent"),
    Status.PUBLISHED: gettext_lazy("sent, not confirmed yet"),
    Status.CONFIRMED: gettext_lazy("confirmed"),
    Status.FAILED: gettext_lazy("failed"),
}
REASONS: Final = {
    Reason.SUPERSEDED: gettext_lazy("a newer change took its place"),
    Reason.CANCELLED: gettext_lazy("cancelled"),
    Reason.NO_ECHO: gettext_lazy("the pump did not answer with the value"),
    Reason.OTHER_VALUE: gettext_lazy("the pump kept another value"),
    Reason.WRITE_LIMIT: gettext_lazy("too many writes in a day, which wear out the pump's memory"),
}


def setting_value(name: str, value: int | None) -> str:
    """Return a setting's value without its unit; a mode is called by its name."""
    if value is None:
        return "\N{EN DASH}"
    if name == "mode":
        return str(MODES.get(value, value))
    return number_format(value, use_l10n=True, force_grouping=abs(value) > LONGEST_UNGROUPED).replace(
        "-", "\N{MINUS SIGN}"
    )


def quantity(value: str, unit: str) -> str:
    """Return a value with its unit, which stay on one line."""
    return f"{value}\N{NO-BREAK SPACE}{unit}" if unit else value


def asked_for(payload: Mapping[str, int], units: Mapping[str, str]) -> str:
    """Return what a command asks for."""
    return ", ".join(
        f"{SETTING_TITLES[name]}: {quantity(setting_value(name, value), units[name])}"
        for name, value in payload.items()
    )


def outcome(command: Command) -> str:
    """Return how far a command has come, and why it failed if it did."""
    state = str(STATES[Status(command.status)])
    if not command.reason:
        return state
    return _("%(state)s: %(reason)s") % {"state": state, "reason": REASONS[Reason(command.reason)]}

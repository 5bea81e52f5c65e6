"""Settings and commands of the heat pump in plain words."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from heatpump.outbox.models import Command, Reason, Status
from heatpump.pages.ranges import Range

UNITS: Final = {"degC": "°C", "degC min": "°C·min"}
SETTING_TITLES: Final = {
    "indoor_target_temp": gettext_lazy("Wanted room temperature"),
    "mode": gettext_lazy("Mode"),
    "curve": gettext_lazy("Heat curve"),
    "curve_min": gettext_lazy("Lowest supply temperature"),
    "curve_max": gettext_lazy("Highest supply temperature"),
    "curve_plus_5": gettext_lazy("Curve at +5 °C outdoors"),
    "curve_zero": gettext_lazy("Curve at 0 °C outdoors"),
    "curve_minus_5": gettext_lazy("Curve at -5 °C outdoors"),
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
    return str(MODES.get(value, value)) if name == "mode" else str(value).replace("-", "\N{MINUS SIGN}")


def asked_for(payload: Mapping[str, int], units: Mapping[str, str]) -> str:
    """Return what a command asks for."""
    return ", ".join(
        f"{SETTING_TITLES[name]}: {setting_value(name, value)} {units[name]}".rstrip()
        for name, value in payload.items()
    )


def outcome(command: Command) -> str:
    """Return how far a command has come, and why it failed if it did."""
    state = str(STATES[Status(command.status)])
    if not command.reason:
        return state
    return _("%(state)s: %(reason)s") % {"state": state, "reason": REASONS[Reason(command.reason)]}

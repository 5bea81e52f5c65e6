"""Whether a change of settings is one that may be asked for."""

from collections.abc import Mapping
from typing import Final

from bridge.devices.thermiq_registers import SETTINGS, Setting

TABLE: Final = {setting.name: setting for setting in SETTINGS}


class InvalidChangeError(Exception):
    """A change that nothing is done about. `details` has the complaints about each setting, by its name."""

    def __init__(self, code: str, details: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {complaint}" for name, complaint in details.items()))
        self.code = code
        self.details = details


class NothingAskedError(Exception):
    """A change that asks for no setting at all."""


def check_changes(changes: Mapping[str, object]) -> dict[str, int]:
    """Return the settings that are to be changed, and to what; None leaves a setting as it is.

    A whole number may be written with decimals that are zero, as JSON does not tell 21 from 21.0. Raises
    InvalidChangeError and NothingAskedError.
    """
    if unknown := {name: "There is no such setting." for name in changes if name not in TABLE}:
        raise InvalidChangeError("unknown", unknown)
    asked = {name: value for name, value in changes.items() if value is not None}
    if wrong := {name: "A whole number is required." for name, value in asked.items() if not _is_whole(value)}:
        raise InvalidChangeError("invalid", wrong)
    values = {name: int(value) for name, value in asked.items() if isinstance(value, int | float)}
    if outside := {name: _range(TABLE[name]) for name, value in values.items() if not _allows(TABLE[name], value)}:
        raise InvalidChangeError("range", outside)
    if not values:
        raise NothingAskedError("The change asks for nothing.")
    return values


def check_curve(values: Mapping[str, int], present: Mapping[str, int | None]) -> None:
    """Check what is asked against what is set already; raises InvalidChangeError."""
    both = {**present, **values}
    lowest, highest = both.get("curve_min"), both.get("curve_max")
    if lowest is None or highest is None or lowest <= highest:
        return
    complaints = {
        "curve_min": f"It must not be above curve_max, which is {highest}.",
        "curve_max": f"It must not be below curve_min, which is {lowest}.",
    }
    if asked := {name: complaint for name, complaint in complaints.items() if name in values}:
        raise InvalidChangeError("curve", asked)


def _is_whole(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _allows(setting: Setting, value: int) -> bool:
    return setting.minimum <= value <= setting.maximum


def _range(setting: Setting) -> str:
    return f"It must be from {setting.minimum} to {setting.maximum}."

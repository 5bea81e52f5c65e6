"""What a heat pump's controller decides: when the compressor and the electric heaters run, and for what."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from bridge.simulator.heatcurve import target_supply

HOT_WATER_STARTS_C, HOT_WATER_STOPS_C = 42.0, 52.0
HEATSTOP_HYSTERESIS_C = 3.0
TOO_WARM_C = 12.0
"""This far above its aim the supply line ends a run, whatever the integral."""
AUXILIARY_AT = 10
"""The electric heater joins in when the integral has fallen to this many times its setting."""
LOWEST_INTEGRAL = -32_000.0
REST_SECONDS = 600.0
"""A compressor rests at least this long between two runs."""


class Mode(IntEnum):
    """What the pump is set to do."""

    OFF = 0
    AUTO = 1
    HEAT_PUMP_ONLY = 2
    ELECTRIC_ONLY = 3
    HOT_WATER_ONLY = 4


USES_COMPRESSOR = (Mode.AUTO, Mode.HEAT_PUMP_ONLY, Mode.HOT_WATER_ONLY)
HEATS_HOUSE = (Mode.AUTO, Mode.HEAT_PUMP_ONLY, Mode.ELECTRIC_ONLY)


@dataclass(frozen=True, slots=True)
class Temperatures:
    """What the controller sees, in degC; `supply` is that of the radiators' water."""

    outdoor: float
    supply: float
    hot_water: float


@dataclass(slots=True)
class Controller:
    """The controller's memory. `integral` is in degC min, negative where the supply line was too cold."""

    integral: float = 0.0
    heating: bool = False
    hot_water: bool = False
    summer: bool = False
    compressor: bool = False
    heater_3kw: bool = False
    heater_6kw: bool = False
    rest: float = 0.0

    def decide(self, seconds: float, seen: Temperatures, settings: Mapping[str, int]) -> None:
        """Move on by some seconds and decide anew."""
        mode = Mode(settings["mode"])
        self._decide_hot_water(mode, seen.hot_water)
        self._decide_heating(mode, seconds, seen, settings)
        self._run(mode, seconds, start_at=_start_at(settings))

    def _decide_hot_water(self, mode: Mode, hot_water_c: float) -> None:
        if mode is Mode.OFF or hot_water_c >= HOT_WATER_STOPS_C:
            self.hot_water = False
        elif hot_water_c <= HOT_WATER_STARTS_C:
            self.hot_water = True

    def _decide_heating(self, mode: Mode, seconds: float, seen: Temperatures, settings: Mapping[str, int]) -> None:
        if seen.outdoor >= settings["heatstop"]:
            self.summer = True
        elif seen.outdoor <= settings["heatstop"] - HEATSTOP_HYSTERESIS_C:
            self.summer = False
        if self.summer or mode not in HEATS_HOUSE:
            self.heating, self.integral = False, 0.0
            return
        excess = seen.supply - target_supply(seen.outdoor, settings)
        self.integral = max(self.integral + excess * seconds / 60, LOWEST_INTEGRAL)
        if self.integral >= 0 or excess > TOO_WARM_C:
            self.heating, self.integral = False, 0.0
        elif self.integral <= -_start_at(settings):
            self.heating = True

    def _run(self, mode: Mode, seconds: float, start_at: int) -> None:
        self.rest = max(self.rest - seconds, 0.0)
        wanted = mode in USES_COMPRESSOR and (self.heating or self.hot_water)
        if self.compressor and not wanted:
            self.rest = REST_SECONDS
        self.compressor = wanted and (self.compressor or self.rest == 0)
        self.heater_6kw = mode is Mode.ELECTRIC_ONLY and self.heating and not self.hot_water
        if mode is Mode.ELECTRIC_ONLY:
            self.heater_3kw = self.hot_water
        else:
            self.heater_3kw = mode is Mode.AUTO and self.heating and self._is_far_behind(start_at)

    def _is_far_behind(self, start_at: int) -> bool:
        """Tell whether the compressor alone is too weak; once it was, until it has caught up."""
        return self.integral <= -start_at * (1 if self.heater_3kw else AUXILIARY_AT)


def _start_at(settings: Mapping[str, int]) -> int:
    return max(abs(settings["integral_setting"]), 1)

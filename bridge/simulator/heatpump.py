"""A ground source heat pump with its radiators' water, hot water tank and brine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.simulator.control import Controller, Mode, Temperatures
from bridge.simulator.heatcurve import target_supply

RADIATORS_W_PER_K = 130.0
WATER_J_PER_K = 1.2e6
TANK_J_PER_K = 0.75e6
TANK_LOSS_W_PER_K = 1.8
LITRE_J_PER_K = 4186.0
TAP_C, COLD_WATER_C = 38.0, 8.0
STANDING_SHARE = 0.1
"""Share of their heat that radiators still give while the water in them stands."""
FLOW_W_PER_K = 700.0
"""Heat that the circulating water carries for each degree between supply and return."""
GROUND_C, BRINE_RUNNING_C = 5.5, 1.0
BRINE_DROP_C = 3.2
BRINE_RUNNING_MEMORY, BRINE_RESTING_MEMORY = 900.0, 7200.0
CHARGING_ABOVE_TANK_C = 6.0
CARNOT_SHARE = 0.5
STANDBY_W, FLOW_PUMP_W, BRINE_PUMP_W = 12.0, 55.0, 120.0
FLOW_PUMP_PERCENT, BRINE_PUMP_PERCENT = 70, 80

DEFAULT_SETTINGS: Mapping[str, int] = {
    "indoor_target_temp": 21,
    "mode": Mode.AUTO,
    "curve": 36,
    "curve_min": 22,
    "curve_max": 55,
    "curve_plus_5": 0,
    "curve_zero": 0,
    "curve_minus_5": 0,
    "heatstop": 17,
    "integral_setting": 60,
}


@dataclass(slots=True)
class Runtimes:
    """How long each part has run since it was installed, in seconds."""

    compressor: float = 21_480 * 3600.0
    hot_water: float = 3_912 * 3600.0
    heater_3kw: float = 406 * 3600.0
    heater_6kw: float = 17 * 3600.0


@dataclass(slots=True)
class HeatPump:
    """Temperatures in degC; `water_c` is the mean of the water in the radiators."""

    outdoor_c: float
    settings: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_SETTINGS))
    controller: Controller = field(default_factory=Controller)
    runtimes: Runtimes = field(default_factory=Runtimes)
    water_c: float = field(init=False)
    tank_c: float = 47.0
    brine_in_c: float = GROUND_C

    def __post_init__(self) -> None:
        self.water_c = target_supply(self.outdoor_c, self.settings)

    def advance(self, seconds: float, *, outdoor_c: float, indoor_c: float, hot_water_lpm: float) -> None:
        """Move on by some seconds, while people draw some litres of warm water a minute."""
        self.outdoor_c = outdoor_c
        seen = Temperatures(outdoor_c, self.water_c + self._heating_power() / (2 * FLOW_W_PER_K), self.tank_c)
        self.controller.decide(seconds, seen, self.settings)
        self.water_c += (self._heating_power() - self.emitted_w(indoor_c)) * seconds / WATER_J_PER_K
        lost = TANK_LOSS_W_PER_K * (self.tank_c - indoor_c) + self._drawn_w(hot_water_lpm)
        self.tank_c += (self._tank_power() - lost) * seconds / TANK_J_PER_K
        self._advance_brine(seconds)
        self._count(seconds)

    def emitted_w(self, indoor_c: float) -> float:
        """Return the heat that the radiators give to the rooms."""
        share = 1.0 if self.flow_pump_on else STANDING_SHARE
        return RADIATORS_W_PER_K * share * (self.water_c - indoor_c)

    @property
    def flow_pump_on(self) -> bool:
        return self.settings["mode"] != Mode.OFF and not (self.controller.summer and not self.controller.hot_water)

    @property
    def charging(self) -> bool:
        """Whether the heat goes to the hot water tank."""
        return self.controller.hot_water and (self.controller.compressor or self.controller.heater_3kw)

    @property
    def supply_c(self) -> float:
        return self.tank_c + CHARGING_ABOVE_TANK_C if self.charging else self.water_c + self._half_drop()

    @property
    def return_c(self) -> float:
        return self.supply_c - 2 * (CHARGING_ABOVE_TANK_C / 2 if self.charging else self._half_drop())

    @property
    def brine_out_c(self) -> float:
        return self.brine_in_c - BRINE_DROP_C if self.controller.compressor else self.brine_in_c

    @property
    def compressor_w(self) -> float:
        """Electric power of the compressor: the warmer the water has to be, the more."""
        return 1400 + 14 * (self.sink_c - 30) if self.controller.compressor else 0.0

    @property
    def sink_c(self) -> float:
        """The temperature of the water that leaves the condenser."""
        return (self.tank_c if self.controller.hot_water else self.water_c) + 3.5

    @property
    def heaters_w(self) -> float:
        return 3000.0 * self.controller.heater_3kw + 6000.0 * self.controller.heater_6kw

    @property
    def electric_w(self) -> float:
        """Electric power of everything in the pump."""
        pumps = FLOW_PUMP_W * self.flow_pump_on + BRINE_PUMP_W * self.controller.compressor
        return STANDBY_W + pumps + self.compressor_w + self.heaters_w

    def _produced_w(self) -> float:
        """Return the heat made: the compressor's by a share of the ideal (Carnot) efficiency, and the heaters'."""
        condensing, evaporating = self.sink_c + 4, self.brine_in_c - 6
        performance = CARNOT_SHARE * (condensing + 273.15) / max(condensing - evaporating, 15)
        return self.compressor_w * performance + self.heaters_w

    def _heating_power(self) -> float:
        return 0.0 if self.charging else self._produced_w()

    def _tank_power(self) -> float:
        return self._produced_w() if self.charging else 0.0

    def _drawn_w(self, litres_per_minute: float) -> float:
        """Return the heat in the water at the tap, which the tank mixes with cold water while it is warm enough."""
        return litres_per_minute / 60 * LITRE_J_PER_K * (min(self.tank_c, TAP_C) - COLD_WATER_C)

    def _half_drop(self) -> float:
        return self._heating_power() / (2 * FLOW_W_PER_K)

    def _advance_brine(self, seconds: float) -> None:
        if self.controller.compressor:
            aim, memory = BRINE_RUNNING_C, BRINE_RUNNING_MEMORY
        else:
            aim, memory = GROUND_C, BRINE_RESTING_MEMORY
        self.brine_in_c += (aim - self.brine_in_c) * min(seconds / memory, 1)

    def _count(self, seconds: float) -> None:
        self.runtimes.compressor += seconds * self.controller.compressor
        self.runtimes.hot_water += seconds * self.charging
        self.runtimes.heater_3kw += seconds * self.controller.heater_3kw
        self.runtimes.heater_6kw += seconds * self.controller.heater_6kw

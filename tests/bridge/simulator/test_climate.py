"""Days of weather, house and heat pump: what must hold if the heat goes where it should."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bridge.simulator.climate import STEP_SECONDS, Climate
from bridge.simulator.heatpump import HeatPump
from bridge.simulator.noise import chance

JANUARY = datetime(2026, 1, 10, tzinfo=UTC)
JULY = datetime(2026, 7, 10, tzinfo=UTC)
STEPS_A_DAY = 86_400 // STEP_SECONDS


@dataclass
class Days:
    """What was seen at the end of each step."""

    climate: Climate
    indoor: list[float] = field(default_factory=list)
    outdoor: list[float] = field(default_factory=list)
    tank: list[float] = field(default_factory=list)
    integral: list[float] = field(default_factory=list)
    compressor: list[bool] = field(default_factory=list)
    charging: list[bool] = field(default_factory=list)

    @property
    def starts(self) -> int:
        return sum(now and not before for before, now in zip(self.compressor, self.compressor[1:], strict=False))

    def see(self) -> None:
        pump = self.climate.pump
        self.indoor.append(self.climate.building.indoor_c)
        self.outdoor.append(self.climate.weather.outdoor_c)
        self.tank.append(pump.tank_c)
        self.integral.append(pump.controller.integral)
        self.compressor.append(pump.controller.compressor)
        self.charging.append(pump.charging)


def live(start: datetime, days: int, seed: int = 1, **settings: int) -> Days:
    """Let days pass in which people shower at seven, in the morning and in the evening."""
    climate = Climate(chance(seed, "climate"), start)
    climate.pump.settings.update(settings)
    seen = Days(climate)
    for step in range(1, days * STEPS_A_DAY + 1):
        now = start + timedelta(seconds=step * STEP_SECONDS)
        showering = now.hour in (7, 19) and now.minute < 12
        climate.step(now, appliances_w=450, hot_water_lpm=9 if showering else 0)
        seen.see()
    return seen


@pytest.fixture(scope="module")
def winter() -> Days:
    return live(JANUARY, days=3)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize(("start", "low", "high"), [(JANUARY, 19.0, 23.5), (JULY, 20.0, 28.0)])
def test_indoors_it_stays_comfortable(start: datetime, low: float, high: float, seed: int) -> None:
    indoor = live(start, days=3, seed=seed).indoor
    assert low < min(indoor)
    assert max(indoor) < high


def test_outdoors_winter_is_colder_than_summer(winter: Days) -> None:
    summer = live(JULY, days=1)
    assert -20 < mean(winter.outdoor) < 8 < mean(summer.outdoor) < 30


def test_the_compressor_runs_in_spells_of_minutes_to_hours(winter: Days) -> None:
    assert 5 <= winter.starts / 3 <= 30
    assert 0.2 < mean([float(on) for on in winter.compressor]) < 0.9


def test_the_compressor_runs_more_when_it_is_colder() -> None:
    def share(setback: float) -> float:
        pump = HeatPump(0.0)
        on = 0
        for _ in range(STEPS_A_DAY):
            pump.advance(STEP_SECONDS, outdoor_c=-setback, indoor_c=21.0, hot_water_lpm=0)
            on += pump.controller.compressor
        return on / STEPS_A_DAY

    shares = [share(0), share(5), share(10)]
    assert shares == sorted(shares)
    assert shares[2] > 1.3 * shares[0]


def test_the_integral_starts_and_stops_the_compressor() -> None:
    pump = HeatPump(0.0, tank_c=50.0)
    for _ in range(STEPS_A_DAY):
        before, was_on = pump.controller.integral, pump.controller.compressor
        pump.advance(STEP_SECONDS, outdoor_c=0.0, indoor_c=21.0, hot_water_lpm=0)
        if pump.charging:
            break
        if pump.controller.compressor and not was_on:
            assert pump.controller.integral <= -60 < before + 5
        if was_on and not pump.controller.compressor:
            assert pump.controller.integral == 0
    assert pump.runtimes.compressor > HeatPump(0.0).runtimes.compressor


def test_the_hot_water_is_charged_until_it_is_warm(winter: Days) -> None:
    assert min(winter.tank) > 25
    assert 51 < max(winter.tank) < 53
    assert 0 < mean([float(on) for on in winter.charging]) < 0.2


def test_run_times_are_the_time_that_parts_ran(winter: Days) -> None:
    new = HeatPump(0.0).runtimes
    assert winter.climate.pump.runtimes.compressor - new.compressor == sum(winter.compressor) * STEP_SECONDS
    assert winter.climate.pump.runtimes.hot_water - new.hot_water == sum(winter.charging) * STEP_SECONDS
    assert winter.climate.pump.runtimes.heater_6kw == new.heater_6kw


def test_a_higher_target_makes_it_warmer_within_hours(winter: Days) -> None:
    warmer = live(JANUARY, days=1, indoor_target_temp=23)
    after_12_hours = STEPS_A_DAY // 2
    assert warmer.indoor[after_12_hours] > winter.indoor[after_12_hours] + 0.4
    assert warmer.indoor[-1] > winter.indoor[STEPS_A_DAY - 1] + 0.8


@pytest.mark.parametrize(
    ("mode", "runs"),
    [
        (0, lambda pump: False),
        (2, lambda pump: pump.controller.compressor),
        (3, lambda pump: pump.controller.heater_3kw or pump.controller.heater_6kw),
        (4, lambda pump: pump.controller.compressor and pump.charging),
    ],
)
def test_the_mode_says_what_may_run(mode: int, runs: Callable[[HeatPump], bool]) -> None:
    pump = HeatPump(-5.0, tank_c=41.0)
    pump.settings["mode"] = mode
    ran = False
    for _ in range(STEPS_A_DAY // 4):
        pump.advance(STEP_SECONDS, outdoor_c=-5.0, indoor_c=20.0, hot_water_lpm=0)
        controller = pump.controller
        if controller.compressor or controller.heater_3kw or controller.heater_6kw:
            assert runs(pump)
            ran = True
    assert ran is (mode != 0)


def test_without_heat_the_house_cools_out() -> None:
    indoor = live(JANUARY, days=1, mode=0).indoor
    assert indoor[-1] < 18
    assert live(JANUARY, days=1, mode=0).tank[-1] > 8


def test_in_the_cold_the_electric_heater_helps_only_in_auto() -> None:
    def heater_ran(mode: int) -> bool:
        pump = HeatPump(-30.0)
        pump.settings["mode"] = mode
        for _ in range(3 * STEPS_A_DAY):
            pump.advance(STEP_SECONDS, outdoor_c=-30.0, indoor_c=19.0, hot_water_lpm=0)
            if pump.controller.heater_3kw:
                return True
        return False

    assert heater_ran(mode=1)
    assert not heater_ran(mode=2)


def test_above_heatstop_only_hot_water_is_made() -> None:
    pump = HeatPump(18.0, tank_c=41.0)
    for _ in range(STEPS_A_DAY):
        pump.advance(STEP_SECONDS, outdoor_c=18.0, indoor_c=21.0, hot_water_lpm=0)
        assert pump.charging or not pump.controller.compressor
    assert pump.tank_c > 42

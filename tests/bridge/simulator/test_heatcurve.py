import pytest

from bridge.simulator.heatcurve import target_supply
from bridge.simulator.heatpump import DEFAULT_SETTINGS

NEUTRAL = {**DEFAULT_SETTINGS, "curve": 40, "indoor_target_temp": 20}


def test_the_curve_is_the_supply_temperature_at_zero_outdoors() -> None:
    assert target_supply(0, NEUTRAL) == 40


@pytest.mark.parametrize(("outdoor_c", "supply_c"), [(20, 22), (10, 30), (-10, 50), (-15, 55), (-30, 55)])
def test_colder_weather_needs_warmer_water_between_the_limits(outdoor_c: float, supply_c: float) -> None:
    assert target_supply(outdoor_c, NEUTRAL) == supply_c


def test_a_degree_more_in_the_rooms_needs_three_more_in_the_water() -> None:
    assert target_supply(0, {**NEUTRAL, "indoor_target_temp": 21}) == 43


@pytest.mark.parametrize(
    ("outdoor_c", "change"), [(10, 0), (7.5, 1), (5, 2), (2.5, 1.5), (0, 1), (-2.5, -1), (-5, -3), (-10, 0), (-14, 0)]
)
def test_the_curve_can_be_bent_near_zero(outdoor_c: float, change: float) -> None:
    bent = {**NEUTRAL, "curve_plus_5": 2, "curve_zero": 1, "curve_minus_5": -3}
    assert target_supply(outdoor_c, bent) == pytest.approx(target_supply(outdoor_c, NEUTRAL) + change)

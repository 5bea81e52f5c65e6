"""The weather around the house, at about the latitude of Stockholm."""

import math
from datetime import datetime
from random import Random

from bridge.simulator.noise import Drift

LATITUDE, LONGITUDE = 59.3, 18.1
YEAR_MEAN_C, YEAR_AMPLITUDE_C = 7.0, 10.5
WARMEST_DAY = 202
CLEAR_SKY_WATTS = 900.0
HOUR = 3600.0


class Weather:
    """Outdoor temperature (degC), sunshine on a level square metre (W) and vapour in the air (g/m3)."""

    def __init__(self, random: Random) -> None:
        self._spell = Drift(random, spread=3.5, memory=40 * HOUR)
        self._clouds = Drift(random, spread=0.3, memory=5 * HOUR)
        self.outdoor_c = 0.0
        self.sunshine = 0.0

    def advance(self, now: datetime, seconds: float) -> None:
        """Move on to a time in UTC that is some seconds later."""
        height = _height_of_sun(now)
        clear = min(max(0.5 + self._clouds.advance(seconds), 0.1), 1.0)
        self.sunshine = CLEAR_SKY_WATTS * clear * max(height, 0.0)
        self.outdoor_c = _seasonal_mean(now) + _daily_swing(now) + self._spell.advance(seconds)

    @property
    def vapour(self) -> float:
        """Water in the outdoor air, at 80 % relative humidity."""
        return 0.8 * saturation(self.outdoor_c)


def saturation(celsius: float) -> float:
    """Return the most water that air holds, in g/m3, by the Magnus formula over the gas law."""
    pascal = 611.2 * math.exp(17.62 * celsius / (243.12 + celsius))
    return 2.167 * pascal / (celsius + 273.15)


def _day_of_year(now: datetime) -> float:
    return now.timetuple().tm_yday + now.hour / 24


def _solar_hour(now: datetime) -> float:
    return now.hour + now.minute / 60 + now.second / 3600 + LONGITUDE / 15


def _seasonal_mean(now: datetime) -> float:
    return YEAR_MEAN_C + YEAR_AMPLITUDE_C * math.cos(math.tau * (_day_of_year(now) - WARMEST_DAY) / 365)


def _daily_swing(now: datetime) -> float:
    """Return the difference from the day's mean: warmest at three in the afternoon, and more so in summer."""
    amplitude = 2.5 + 2.0 * math.cos(math.tau * (_day_of_year(now) - 172) / 365)
    return amplitude * math.cos(math.tau * (_solar_hour(now) - 15) / 24)


def _height_of_sun(now: datetime) -> float:
    """Return the sine of the sun's elevation."""
    declination = math.radians(-23.44) * math.cos(math.tau * (_day_of_year(now) + 10) / 365)
    latitude = math.radians(LATITUDE)
    hour_angle = math.tau * (_solar_hour(now) - 12) / 24
    return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(
        hour_angle
    )

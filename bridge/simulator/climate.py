"""Weather, house and heat pump, each acting on the others."""

from datetime import datetime
from random import Random

from bridge.simulator.building import Building
from bridge.simulator.heatpump import HeatPump
from bridge.simulator.weather import Weather

STEP_SECONDS = 10
"""Nothing here changes noticeably within a step."""


class Climate:
    """The heat in and around the house."""

    def __init__(self, random: Random, start: datetime) -> None:
        self.weather = Weather(random)
        self.weather.advance(start, 0)
        self.building = Building()
        self.pump = HeatPump(self.weather.outdoor_c)

    def step(self, now: datetime, *, appliances_w: float, hot_water_lpm: float) -> None:
        """Move on by `STEP_SECONDS` to a time in UTC, with the heat of appliances and the warm water drawn."""
        self.weather.advance(now, STEP_SECONDS)
        outdoor_c, indoor_c = self.weather.outdoor_c, self.building.indoor_c
        self.building.advance(
            STEP_SECONDS,
            outdoor_c=outdoor_c,
            sunshine=self.weather.sunshine,
            heating_w=self.pump.emitted_w(indoor_c),
            appliances_w=appliances_w,
        )
        self.pump.advance(STEP_SECONDS, outdoor_c=outdoor_c, indoor_c=indoor_c, hot_water_lpm=hot_water_lpm)

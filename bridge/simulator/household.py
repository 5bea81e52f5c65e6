"""What the people of the house switch on, and the warm water that they draw."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from random import Random
from typing import NamedTuple

MINUTE = 60


class Load(NamedTuple):
    """Power on one phase, active in W and reactive in var (negative: capacitive)."""

    active: float
    reactive: float


PhaseLoads = tuple[Load, Load, Load]


def plus(one: Load, other: Load) -> Load:
    return Load(one.active + other.active, one.reactive + other.reactive)


STANDBY: PhaseLoads = (Load(62, -18), Load(48, 20), Load(75, -35))
FRIDGE = Load(85, 55)
FRIDGE_PERIOD, FRIDGE_RUNS = 45 * MINUTE, 17 * MINUTE
LIGHTS: PhaseLoads = (Load(90, -20), Load(60, -10), Load(110, -25))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Appliance:
    """Something that people use for some minutes, on average `a_day` times, at the hours with a weight.

    `watts` are for L1, L2 and L3. What has a thermostat heats only for a share of each `period` seconds. `lpm` is
    the warm water that it takes, in litres a minute.
    """

    name: str
    watts: tuple[float, float, float] = (0, 0, 0)
    reactive_share: float = 0.0
    minutes: tuple[int, int]
    a_day: float
    hours: Mapping[int, float]
    share: float = 1.0
    period: int = MINUTE
    lpm: float = 0.0

    def chance(self, hour: int) -> float:
        """Return how likely somebody starts it in one minute of this hour."""
        return self.a_day * self.hours.get(hour, 0) / sum(self.hours.values()) / 60

    def heats(self, second: int) -> bool:
        return second % self.period < self.share * self.period


def _hours(first: int, last: int, weight: float = 1.0) -> dict[int, float]:
    return dict.fromkeys(range(first, last + 1), weight)


APPLIANCES: tuple[Appliance, ...] = (
    Appliance(name="shower", minutes=(4, 9), a_day=3, hours={**_hours(6, 8, 3), **_hours(19, 22)}, lpm=9),
    Appliance(name="taps", minutes=(1, 2), a_day=12, hours=_hours(6, 22), lpm=4),
    Appliance(name="kettle", watts=(2050, 0, 0), minutes=(2, 4), a_day=5, hours={**_hours(6, 9, 3), **_hours(10, 21)}),
    Appliance(
        name="stove",
        watts=(0, 1800, 1600),
        minutes=(15, 45),
        a_day=1.6,
        share=0.55,
        period=40,
        hours={7: 1, 12: 1, **_hours(17, 19, 4)},
    ),
    Appliance(
        name="oven", watts=(0, 0, 2400), minutes=(25, 60), a_day=0.5, share=0.4, period=150, hours=_hours(16, 19)
    ),
    Appliance(
        name="dishwasher",
        watts=(0, 1900, 0),
        minutes=(60, 100),
        a_day=0.9,
        share=0.3,
        period=40 * MINUTE,
        reactive_share=0.1,
        hours=_hours(19, 22),
    ),
    Appliance(
        name="washing machine",
        watts=(2000, 0, 0),
        minutes=(50, 90),
        a_day=0.7,
        share=0.25,
        period=45 * MINUTE,
        reactive_share=0.2,
        hours=_hours(8, 20),
    ),
    Appliance(
        name="television", watts=(0, 0, 120), reactive_share=-0.15, minutes=(40, 150), a_day=1.5, hours=_hours(17, 22)
    ),
    Appliance(
        name="computer", watts=(110, 0, 0), reactive_share=-0.1, minutes=(60, 240), a_day=1.2, hours=_hours(8, 21)
    ),
    Appliance(
        name="vacuum cleaner", watts=(0, 900, 0), reactive_share=0.3, minutes=(10, 25), a_day=0.3, hours=_hours(9, 19)
    ),
)


class Household:
    """The people of the house, who live by the clock of a time zone."""

    def __init__(self, random: Random, zone: tzinfo) -> None:
        self._random = random
        self._zone = zone
        self._until: dict[Appliance, int] = {}
        self._lit = 0.0

    def live(self, now: datetime, sunshine: float) -> None:
        """Decide, once a minute, what is switched on; the people who are awake need light where it is dark."""
        local = now.astimezone(self._zone)
        second = int(now.timestamp())
        self._until = {appliance: until for appliance, until in self._until.items() if until > second}
        for appliance in APPLIANCES:
            if appliance not in self._until and self._random.random() < appliance.chance(local.hour):
                self._until[appliance] = second + MINUTE * self._random.randint(*appliance.minutes)
        awake = 6 <= local.hour < 23
        self._lit = max(1 - sunshine / 80, 0.0) if awake else 0.05

    def loads(self, second: int) -> PhaseLoads:
        """Return what is drawn in a second, given in Unix time."""
        first, middle, last = (
            Load(base.active + self._lit * light.active, base.reactive + self._lit * light.reactive)
            for base, light in zip(STANDBY, LIGHTS, strict=True)
        )
        loads = [first, middle, last]
        if second % FRIDGE_PERIOD < FRIDGE_RUNS:
            loads[1] = plus(loads[1], FRIDGE)
        for appliance in self._until:
            if appliance.heats(second):
                for phase, watts in enumerate(appliance.watts):
                    loads[phase] = plus(loads[phase], Load(watts, watts * appliance.reactive_share))
        first, middle, last = (self._flicker(load) for load in loads)
        return first, middle, last

    def uses(self, name: str) -> bool:
        """Tell whether an appliance is in use."""
        return any(appliance.name == name for appliance in self._until)

    def warm_water(self) -> float:
        """Return the warm water that is drawn, in litres a minute."""
        return math.fsum(appliance.lpm for appliance in self._until)

    def _flicker(self, load: Load) -> Load:
        factor = 1 + 0.004 * self._random.gauss(0, 1)
        return Load(load.active * factor, load.reactive * factor)

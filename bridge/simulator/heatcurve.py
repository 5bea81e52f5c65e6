"""Which supply temperature a heat pump aims for.

The heat curve's number is the supply temperature at 0 degC outdoors and a room setting of 20; each degree of the room
setting moves the supply temperature by 3 (User Guide Thermia Legend, 5.2.1 and 4:
https://manualshive.com/ru/manual/thermia/thermia-legend/1104096).
"""

from collections.abc import Mapping
from itertools import pairwise

NEUTRAL_C = 20.0
SUPPLY_PER_ROOM_DEGREE = 3.0


def target_supply(outdoor_c: float, settings: Mapping[str, int]) -> float:
    """Return the supply temperature in degC that the settings ask for, by their names."""
    slope = (settings["curve"] - NEUTRAL_C) / NEUTRAL_C
    supply = NEUTRAL_C + slope * (NEUTRAL_C - outdoor_c)
    supply += SUPPLY_PER_ROOM_DEGREE * (settings["indoor_target_temp"] - NEUTRAL_C)
    supply += _local_change(outdoor_c, settings)
    return min(max(supply, settings["curve_min"]), settings["curve_max"])


def _local_change(outdoor_c: float, settings: Mapping[str, int]) -> float:
    """Return the change at an outdoor temperature: set at +5, 0 and -5 degC, straight between them, none beyond 10."""
    points = [
        (-10, 0),
        (-5, settings["curve_minus_5"]),
        (0, settings["curve_zero"]),
        (5, settings["curve_plus_5"]),
        (10, 0),
    ]
    for (left, low), (right, high) in pairwise(points):
        if left <= outdoor_c <= right:
            return low + (high - low) * (outdoor_c - left) / (right - left)
    return 0.0

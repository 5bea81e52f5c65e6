"""The heat pump of the house, which has sent a reading."""

from tests.heatpump.scripted import clock, pump

__all__ = ["clock", "pump"]

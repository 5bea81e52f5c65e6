"""The heat pump of the house, which has sent a reading, and a program that may change its settings."""

from tests.heatpump.scripted import clock, pump
from tests.heatpump.settings.asking import asking, issuer

__all__ = ["asking", "clock", "issuer", "pump"]

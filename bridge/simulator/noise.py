"""Chance, the same again for the same seed."""

import math
from random import Random


def chance(seed: int, part: str) -> Random:
    """Return a part's own source of chance, so that a change in one part leaves the others' as they were."""
    return Random(f"{seed} {part}")  # noqa: S311 - a simulation has no secrets


class Drift:
    """An Ornstein-Uhlenbeck process around 0, in its stationary state from the start.

    `spread` is its standard deviation; after `memory` seconds 37 % of a deviation is left.
    """

    def __init__(self, random: Random, *, spread: float, memory: float) -> None:
        self._random = random
        self._spread = spread
        self._memory = memory
        self.value = random.gauss(0, spread)

    def advance(self, seconds: float) -> float:
        """Return the value some seconds later."""
        kept = math.exp(-seconds / self._memory)
        self.value = self.value * kept + self._spread * math.sqrt(1 - kept * kept) * self._random.gauss(0, 1)
        return self.value

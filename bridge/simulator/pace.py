"""When, by the real clock, a moment of the house's time comes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """The house's time starts at `start`, not after the real time `began`, and runs `speed` times as fast.

    Once it has caught up with the real time it keeps to that, since nobody would believe a reading of tomorrow. At
    speed 0 it catches up at once.
    """

    start: datetime
    began: datetime
    speed: float

    def due(self, moment: datetime) -> datetime:
        """Return the real time at which a moment of the house's time comes."""
        if not self.speed:
            return max(self.began, moment)
        return max(self.began + (moment - self.start) / self.speed, moment)

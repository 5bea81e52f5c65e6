"""Growing pauses between attempts at something that is away."""

import random

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 30.0


class GrowingPauses:
    """Pauses that double from 0.1 s up to 30 s, with jitter so that workers do not come back all at once."""

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS

    def next(self) -> float:
        """Return the seconds to wait now; the next pause is longer."""
        pause = self._seconds * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
        self._seconds = min(self._seconds * 2, LONGEST_SECONDS)
        return pause

    def reset(self) -> None:
        self._seconds = FIRST_SECONDS

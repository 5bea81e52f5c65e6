"""Messages at an even rate, and how long each is on its way."""

import time
from collections.abc import Callable

LOOK_SECONDS = 0.002
WAIT_SECONDS = 60.0


def delays(count: int, per_second: float, publish: Callable[[int], object], newest: Callable[[], int]) -> list[float]:
    """Publish messages by their numbers, from 0 on; return how many milliseconds after it was due each has arrived.

    `newest` gives the number of the newest that has arrived, -1 before the first; it is asked every few milliseconds.
    Raises TimeoutError where one never comes.
    """
    took: list[float] = []
    sent: list[float] = []
    began = time.monotonic()
    while len(took) < count:
        while len(sent) < count and time.monotonic() >= (due := began + len(sent) / per_second):
            sent.append(due)
            publish(len(sent) - 1)
        arrived = newest()
        now = time.monotonic()
        took += [(now - at) * 1000 for at in sent[len(took) : arrived + 1]]
        if now > began + count / per_second + WAIT_SECONDS:
            raise TimeoutError(f"{len(took)} of {count} messages have arrived")
        time.sleep(LOOK_SECONDS)
    return took

"""When a reading was taken, by our clock.

A reading comes with the pump's time and with that of its receipt. The pump's clock may be minutes off, and a reading
may have waited in a broker for an hour. What tells the two apart is that a clock is off by the same for every reading,
and that of the last few at least one has come at once: the shortest lag of receipt behind the pump's time is how far
the clock is off, and what a reading lags more than that, it has waited.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=2)
"""The shortest lag is that of one to two of these: a clock that was set back is believed again after four minutes."""
RESOLUTION: Final = timedelta(seconds=1)
"""The pump tells its time in whole seconds, rounded down."""


@dataclass(frozen=True, slots=True)
class Lag:
    """The shortest lag of a pump's recent readings, in the present window and in the one before."""

    present: timedelta
    before: timedelta
    since: datetime

    @property
    def shortest(self) -> timedelta:
        return min(self.present, self.before)


def observe(lag: Lag | None, ts: datetime, received_at: datetime) -> Lag | None:
    """Return the lag with one more reading; one without a time of its own, which has that of receipt, says nothing."""
    if ts == received_at:
        return lag
    observed = received_at - ts
    if lag is None:
        return Lag(observed, observed, received_at)
    if received_at - lag.since >= WINDOW:
        return Lag(observed, lag.present, received_at)
    return Lag(min(lag.present, observed), lag.before, lag.since)


def is_taken_after(moment: datetime, *, ts: datetime, received_at: datetime, lag: Lag | None) -> bool:
    """Tell whether a reading was taken after a moment of our clock; `lag` includes the reading."""
    if received_at < moment:
        return False
    return ts == received_at or lag is None or ts + lag.shortest + RESOLUTION > moment

"""The watch over how many of a worker's messages are bad."""

import logging
import time

from homelab_site.workers.metrics import BAD_SHARE

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0


class BadShareWatch:
    """Counts a minute's messages; where too large a share was bad it says so, once a minute."""

    def __init__(self, worker: str, limit: float) -> None:
        self._worker = worker
        self._limit = limit
        self._started = time.monotonic()
        self._all = 0
        self._bad = 0

    def count(self, *, messages: int, bad: int) -> None:
        """Add messages, of which some were bad, and judge the minute if it is over."""
        self._all += messages
        self._bad += bad
        if time.monotonic() - self._started >= WINDOW_SECONDS:
            self.judge()

    def judge(self) -> float:
        """Publish and return the window's share of bad messages, and begin a new window."""
        share = self._bad / self._all if self._all else 0.0
        BAD_SHARE.labels(self._worker).set(share)
        if share > self._limit:
            log.error(
                "%s: %d of %d messages in the last minute were bad (%.0f %%); see the dead letters in the admin",
                self._worker, self._bad, self._all, 100 * share,
            )  # fmt: skip
        self._started = time.monotonic()
        self._all = self._bad = 0
        return share

"""Watches how far data gets while faults come and go: what recovery times are told from."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg2

from tests.whole.chaos.repeated import Repeated

INTERVAL_SECONDS = 0.2

Probe = Callable[[], float]
"""Returns the Unix time at which the newest thing began that has arrived; 0 if nothing has."""


@dataclass(slots=True)
class Flow:
    """When things that began at a moment had arrived: pairs of Unix times, both rising."""

    arrivals: list[tuple[float, float]] = field(default_factory=list)

    def note(self, began: float) -> None:
        if began and (not self.arrivals or began > self.arrivals[-1][0]):
            self.arrivals.append((began, time.time()))

    def seconds_after(self, moment: float) -> float | None:
        """Return how long after a moment something arrived that began then or later; None if nothing ever did."""
        return next((arrived - moment for began, arrived in self.arrivals if began >= moment), None)


class Monitor(Repeated):
    """Asks each probe some times a second, as far as it answers."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        super().__init__("monitor", INTERVAL_SECONDS)
        self.flows = {name: Flow() for name in probes}
        self._probes = probes

    def look(self) -> None:
        for name, probe in self._probes.items():
            with suppress(psycopg2.Error, OSError):
                self.flows[name].note(probe())


class Asked:
    """A database that is asked for numbers, over one connection as long as that holds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None

    def number(self, query: str) -> float:
        """Return what a query gives, 0 for null; raises psycopg2.Error where the database is away."""
        if self._connection is None:
            options = "-c statement_timeout=2000"
            self._connection = psycopg2.connect(self._url, connect_timeout=1, options=options)
            self._connection.autocommit = True
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(query)
                row = cursor.fetchone()
        except psycopg2.Error:
            self._connection.close()
            self._connection = None
            raise
        return float(row[0] or 0) if row else 0.0

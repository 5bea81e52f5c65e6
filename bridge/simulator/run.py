"""A simulated house on a real MQTT broker."""

import logging
import time
from datetime import UTC, datetime
from functools import partial
from threading import Event

from bridge.mqtt import MqttAddress
from bridge.publisher import Publisher
from bridge.simulator.books import Books
from bridge.simulator.faults import Faults
from bridge.simulator.house import SimulatedHouse
from bridge.simulator.pace import Pace

log = logging.getLogger(__name__)

PUMP_SECONDS = 0.1
LEAVE_SECONDS = 0.5
SHOWN_BYTES = 80


class Simulator:
    """Publishes what the house's devices do, and lets its heat pump take writes. Its books say what became of it.

    While the broker is away the house's time stands still; afterwards it catches up.
    """

    def __init__(self, address: MqttAddress, house: SimulatedHouse, faults: Faults | None = None) -> None:
        self.books = Books()
        self._house = house
        self._faults = faults
        self._writes: list[bytes] = []
        self._publisher = Publisher(
            address,
            "simulator",
            subscribe=[house.write_topic],
            on_message=lambda topic, write: self._writes.append(write),
        )
        self.waits_for_broker = False
        """Whether it tries to reach the broker, which can take seconds and can be cut short by an exception."""

    @property
    def is_connected(self) -> bool:
        return self._publisher.is_connected

    def run(self, stop: Event, *, speed: float = 1.0, seconds: int | None = None) -> None:
        """Run for some seconds of the house's time, or until told to stop."""
        pace = Pace(self._house.now, datetime.now(UTC), speed)
        done = 0
        try:
            while done != seconds and self._wait_until(pace.due(self._house.now), stop):
                self._tick(stop)
                done += 1
        finally:
            self._leave()

    def _tick(self, stop: Event) -> None:
        now = self._house.now
        messages = self._house.tick()
        for message in self._faults.apply(now, messages) if self._faults else messages:
            if not self._wait_for_room(stop):
                return
            self._publisher.publish(message.topic, message.encode(), partial(self.books.acknowledge, message))
            self.books.publish(message)
        self._take_writes()

    def _wait_until(self, due: datetime, stop: Event) -> bool:
        """Wait for a real time and for the broker; tell whether both came before the end."""
        while not stop.is_set():
            left = (due - datetime.now(UTC)).total_seconds()
            if left <= 0 and self._publisher.is_connected:
                return True
            if left > 0:
                self._take_writes()
            self._pump(min(left, PUMP_SECONDS) if left > 0 else PUMP_SECONDS, stop)
        return False

    def _wait_for_room(self, stop: Event) -> bool:
        while not stop.is_set():
            if self._publisher.is_connected and self._publisher.has_room:
                return True
            self._pump(PUMP_SECONDS, stop)
        return False

    def _pump(self, seconds: float, stop: Event) -> None:
        self.waits_for_broker = not self._publisher.is_connected
        try:
            # A signal that came before it was said to wait had nothing to cut short.
            if not stop.is_set():
                self._publisher.pump(seconds)
        finally:
            self.waits_for_broker = False

    def _take_writes(self) -> None:
        """Give the heat pump what was written to it.

        Not while a tick is overdue: its echo would bear a time before the write, and so could confirm nothing.
        """
        for write in self._writes:
            taken = self._house.take_write(write)
            log.info("the heat pump %s the write %s", "takes" if taken else "ignores", write[:SHOWN_BYTES])
        self._writes.clear()

    def _leave(self) -> None:
        """Give the broker a moment to acknowledge the last messages."""
        deadline = time.monotonic() + LEAVE_SECONDS
        while self._publisher.is_connected and self._publisher.in_flight and time.monotonic() < deadline:
            self._publisher.pump(PUMP_SECONDS)
        self._publisher.close()

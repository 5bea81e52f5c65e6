"""Heat pumps on a real broker, which do as a test wishes with what is written to them."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from bridge.mqtt import parse_url
from bridge.publisher import Publisher
from bridge.simulator import thermiq
from bridge.simulator.heatpump import HeatPump

PUMP_SECONDS = 0.02
ZONE = ZoneInfo("Europe/Stockholm")

Take = Callable[[HeatPump, bytes], object]


def ignores(pump: HeatPump, write: bytes) -> None:
    """Leave the register as it is."""


def clamps(pump: HeatPump, write: bytes) -> None:
    """Take the indoor target, but never above 22 degC."""
    thermiq.take_write(pump, write)
    pump.settings["indoor_target_temp"] = min(pump.settings["indoor_target_temp"], 22)


class Pumps:
    """The simulator's heat pumps behind one connection. They echo at once after a write, and in any case now and then.

    `written` has, for each node, the messages as they came. A `silent` node takes writes and sends no reading;
    `read_at` is when its last one was taken.
    """

    def __init__(
        self,
        url: str,
        nodes: Iterable[str],
        every_seconds: float = 1.0,
        publisher: Callable[..., Publisher] = Publisher,
    ) -> None:
        self._every = every_seconds
        self.pumps = {node: HeatPump(0.0) for node in nodes}
        self.written: dict[str, list[bytes]] = defaultdict(list)
        self.take: Take = thermiq.take_write
        self.silent: set[str] = set()
        self.read_at: dict[str, datetime] = {}
        self._stop = threading.Event()
        self._due: set[str] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._publisher = publisher(
            parse_url(url),
            "pumps-of-a-test",
            subscribe=[f"{node}/write" for node in self.pumps],
            on_message=self._on_write,
        )

    def __enter__(self) -> Self:
        self._publisher.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(20)

    @property
    def is_connected(self) -> bool:
        return self._publisher.is_connected

    def _run(self) -> None:
        next_reading = 0.0
        while not self._stop.is_set():
            if time.monotonic() >= next_reading:
                self._due.update(self.pumps)
                next_reading = time.monotonic() + self._every
            self._publish_due()
            self._publisher.pump(PUMP_SECONDS)
        self._publisher.close()

    def _publish_due(self) -> None:
        """Publish the readings that are due; while the broker is away they are not taken at all."""
        while self._due and self._publisher.is_connected and self._publisher.has_room:
            node = self._due.pop()
            if node not in self.silent:
                self.read_at[node] = datetime.now(UTC)
                reading = thermiq.payload(self.pumps[node], self.read_at[node], ZONE, 21.0)
                self._publisher.publish(f"{node}/data", msgspec.json.encode(reading))

    def _on_write(self, topic: str, payload: bytes) -> None:
        node = topic.removesuffix("/write")
        self.written[node].append(payload)
        self.take(self.pumps[node], payload)
        self._due.add(node)

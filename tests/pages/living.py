"""A house that lives: brokers of its own, all workers, a heat pump that takes writes, and a web server that can die."""

import time
from pathlib import Path
from typing import Any

from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from tests.heatpump.pumps import Pumps
from tests.pipeline import Pipeline
from tests.whole.payloads import SAVEEYE

METER = "meter-of-the-pages"
NODE = "thermiq_heatpump"


class LivingHouse:
    """Everything between a device and the browser, as processes."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.pipeline = Pipeline(directory, environment)
        self.pipeline.start()
        self.port = free_port()
        self.web = self._web()
        self.pipeline.run("bridge", "sink", "settings", "outbox", "stream")
        self.web.wait_for_port(self.port, 90)
        self.pump = Pumps(self.pipeline.environment["MQTT_URL"], [NODE])
        self.pump.__enter__()
        self._counter = 1_000_000

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.pump.__exit__(None, None, None)
        self.web.kill()
        self.pipeline.stop()

    def kill_web(self) -> None:
        self.web.kill()

    def start_web(self) -> None:
        self.web = self._web()
        self.web.wait_for_port(self.port, 90)

    def measure(self, watts: int, **phases: int) -> None:
        """Let the meter send a reading, whose time is now to the millisecond."""
        self._counter += 1
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
        payload: dict[str, Any] = {
            "saveeyeDeviceSerialNumber": METER,
            "timestamp": stamp,
            "activeActualConsumption": {"total": watts, **phases},
            "activeTotalConsumption": {"total": self._counter},
        }
        self.pipeline.publish(SAVEEYE, payload)

    def _web(self) -> Child:
        web = Child(
            "web", parts.web(self.port).argv, self.pipeline.directory / "web.log", env=self.pipeline.environment
        )
        web.start()
        return web

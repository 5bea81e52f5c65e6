"""Whether a process grows while the house's time runs fifty times as fast: `python -m bench.soak --minutes 60`.

The whole one-machine stack. Somebody watches the stream and asks the API all the while. A process may be 5 % larger at
the end than it was after a sixth of the time. Kafka is measured and not judged: on one machine it keeps its log in
memory, so it grows by what is published.
"""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect

from bench.footprint import memory_of
from bench.processes import memory_mib, processes_of, running
from bench.read_api import endpoints
from bench.report import Target, conclude, say, say_table
from bench.services import TOKEN
from bench.stack import Stack, running_stack
from bench.table import Rows
from homelab_site.stack.child import Child
from homelab_site.stack.parts import manage

WARM_SHARE = 1 / 6
MAX_GROWTH = 1.05
SAMPLE_SECONDS = 5.0
SAMPLES = 5
"""How many measurements one figure is the middle of: memory goes up and down within seconds."""
SAY_SECONDS = 60.0
KEEPS_DATA = "kafka"
MIN_SHARE_STORED = 0.95
SUBSCRIBE = json.dumps({"type": "subscribe", "streams": ["energy", "heatpump", "temperature"]})


@dataclass
class Watcher:
    """Somebody who hears the streams and, now and then, asks the API all it knows."""

    port: int
    socket: ClientConnection
    frames: int = 0

    def look(self, seconds: float) -> None:
        """Take frames for some time, and then ask each endpoint once."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                self.socket.recv(timeout=left)
            except TimeoutError:
                break
            self.frames += 1
        for endpoint in endpoints(datetime.now(UTC)):
            if "device_serial" in endpoint.path:  # of a meter that this house has not
                continue
            address = f"http://127.0.0.1:{self.port}{endpoint.path}"
            with urlopen(Request(address, headers={"Authorization": f"Bearer {TOKEN}"}), timeout=30) as response:
                response.read()


@dataclass
class Memory:
    """The MiB of one process over time."""

    samples: list[float] = field(default_factory=list)

    @property
    def warm(self) -> float:
        at = int(len(self.samples) * WARM_SHARE)
        return median(self.samples[at : at + SAMPLES])

    @property
    def end(self) -> float:
        return median(self.samples[-SAMPLES:])

    @property
    def growth(self) -> float:
        return self.end / self.warm


@contextmanager
def watching(stack: Stack) -> Iterator[Watcher]:
    with connect(f"ws://127.0.0.1:{stack.port}/ws/energy?token={TOKEN}") as socket:
        socket.send(SUBSCRIBE)
        yield Watcher(stack.port, socket)


@contextmanager
def simulating(stack: Stack, speed: float, seconds: float) -> Iterator[Child]:
    """Let the house live through as much of its past as the run has time for."""
    start = datetime.now(UTC) - timedelta(seconds=speed * seconds)
    argv = manage(
        *("simulate", "--data-dir", str(stack.directory), "--speed", str(speed)),
        *("--start", start.strftime("%Y-%m-%dT%H:%M:%SZ")),
    )
    with running("simulator", argv, stack.directory) as child:
        yield child


def sample(stack: Stack, simulator: Child, watcher: Watcher, seconds: float) -> dict[str, Memory]:
    """Measure everything every few seconds."""
    memories: dict[str, Memory] = {}
    began = said = time.monotonic()
    while time.monotonic() < began + seconds:
        watcher.look(SAMPLE_SECONDS)
        now = {**memory_of(stack), "simulator": memory_mib(processes_of(simulator))}
        for name, mib in now.items():
            memories.setdefault(name, Memory()).samples.append(mib)
        if time.monotonic() > said + SAY_SECONDS:
            said = time.monotonic()
            say(f"{said - began:5.0f} s  " + "  ".join(f"{name} {mib:.1f}" for name, mib in sorted(now.items())))
    return memories


def main() -> int:
    parser = ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--speed", type=float, default=50.0)
    options = parser.parse_args()
    seconds = options.minutes * 60
    with (
        running_stack("--no-simulator") as stack,
        closing(Rows(stack.environment["TELEMETRY_OWNER_DATABASE_URL"])) as rows,
        watching(stack) as watcher,
        simulating(stack, options.speed, seconds) as simulator,
    ):
        while not rows.count():
            time.sleep(SAMPLE_SECONDS)
        began = time.monotonic()
        memories = sample(stack, simulator, watcher, seconds)
        stored, took = rows.count(), time.monotonic() - began
    say_table(
        ("process", f"MiB after {options.minutes * WARM_SHARE:g} min", f"after {options.minutes:g}", "most", "growth"),
        [
            (name, *(f"{mib:.1f}" for mib in (of.warm, of.end, max(of.samples))), f"{(of.growth - 1) * 100:+.1f} %")
            for name, of in sorted(memories.items())
        ],
    )
    say(f"\n{stored} readings of the meter stored in {took:.0f} s, {watcher.frames} frames heard")
    return conclude(
        [
            Target(what="readings stored, of those due", measured=stored / took / options.speed,
                   at_least=MIN_SHARE_STORED),
            *(
                Target(what=f"{name}: memory, of what it was", measured=of.growth, at_most=MAX_GROWTH)
                for name, of in sorted(memories.items())
                if name != KEEPS_DATA
            ),
        ]
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

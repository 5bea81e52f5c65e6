"""How many readings reach how many WebSocket clients, and how fast: `python -m bench.streams`.

One after another: this site's web process, a bare ASGI broadcast under daphne, and a bare broadcast of `websockets`.
Each gets the same readings by Valkey, first at an even rate, then all at once. Takes about two minutes.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer

from bench.processes import running
from bench.report import Target, conclude, say, say_table
from bench.stream_servers import CHANNEL
from bridge.messages import Topic
from homelab_site.stack.child import free_port
from homelab_site.stack.parts import PROJECT
from homelab_site.stack.services import Valkey
from telemetry.live.readings import GROUP, LiveReading, encode

CLIENTS = 1_000
PER_SECOND = 10
SECONDS = 15
BURST = 200
TOKEN = "bench"  # noqa: S105 - of a server that lives for a minute
PADDING = "x" * 700


@dataclass(frozen=True, slots=True)
class Result:
    """Of a server: milliseconds of delay, CPU in percent of a core and MiB at the even rate, frames/s at once."""

    p50: float
    p99: float
    cpu: float
    memory: float
    throughput: float
    lost: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to be measured: its command line without the port, its path, and how it is told of readings."""

    name: str
    argv: tuple[str, ...]
    path: str
    publish: Callable[[str, int], None]


def value_now() -> bytes:
    """Return a reading of about 800 bytes that ends with the time at which it is sent."""
    sent = time.monotonic_ns()
    return f'{{"ts":"2026-11-25T00:00:00Z","device_id":"meter","padding":"{PADDING}","sent":{sent:019}}}'.encode()


def publish_bare(url: str, count: int) -> None:
    """Publish the whole frame, as the site would make it, a number of times at once."""
    with redis.Redis.from_url(url) as client:
        for _ in range(count):
            frame = b'{"type":"data","stream":"energy","timestamp":"2026-11-25T00:00:00Z","data":%b}' % value_now()
            client.publish(CHANNEL, frame)


def publish_readings(url: str, count: int) -> None:
    """Publish readings as the stream worker does."""
    layer = RedisPubSubChannelLayer(hosts=[url], prefix="homelab")

    async def send() -> None:
        for _ in range(count):
            place = time.time_ns()
            moment = datetime(2026, 11, 25, tzinfo=UTC)
            reading = LiveReading(Topic.ENERGY, 0, place, place, "meter", moment, value_now())
            await layer.group_send(GROUP, {"type": "readings", "readings": encode([reading])})

    asyncio.run(send())


# The clients answer no pings, and on a busy machine all of them take a while to connect.
DAPHNE = (sys.executable, "-m", "daphne", "--verbosity", "0", "--bind", "127.0.0.1", "--ping-interval", "300")
CONTENDERS = (
    Contender(
        "this site", (*DAPHNE, "homelab_site.asgi:application", "--port"), f"/ws/energy?token={TOKEN}", publish_readings
    ),
    Contender("bare ASGI, daphne", (*DAPHNE, "bench.stream_servers:application", "--port"), "/", publish_bare),
    Contender("bare websockets", (sys.executable, "-m", "bench.stream_servers"), "/", publish_bare),
)


@contextmanager
def serving(contender: Contender, directory: Path, url: str) -> Iterator[tuple[int, psutil.Process]]:
    """Start a server; give its port and its process."""
    port = free_port()
    environment = {
        "REDIS_URL": url,
        "API_DEVELOPMENT_TOKEN": TOKEN,
        "SECRET_KEY": "bench",
        "HTTPS": "false",
        "HOMELAB_DATA_DIR": str(directory),
        "STATIC_ROOT": str(directory),
    }
    with running("server", (*contender.argv, str(port)), directory, **environment) as child:
        child.wait_for_port(port, 60)
        assert child.id
        yield port, psutil.Process(child.id.pid)


@contextmanager
def clients(port: int, path: str, frames: int) -> Iterator[Callable[[], dict[str, float]]]:
    """Connect all clients; give the function that waits for what they have heard."""
    argv = [sys.executable, "-m", "bench.stream_clients", str(port), path, str(CLIENTS), str(frames)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=PROJECT) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"

        def heard() -> dict[str, float]:
            assert process.stdout
            found: dict[str, float] = json.loads(process.stdout.readline())
            return found

        yield heard


def measure(contender: Contender, directory: Path, url: str) -> Result:
    with serving(contender, directory, url) as (port, process):
        with clients(port, contender.path, PER_SECOND * SECONDS) as heard:
            before, began = process.cpu_times(), time.monotonic()
            for tick in range(PER_SECOND * SECONDS):
                time.sleep(max(0.0, began + tick / PER_SECOND - time.monotonic()))
                contender.publish(url, 1)
            after, took = process.cpu_times(), time.monotonic() - began
            memory = process.memory_info().rss / 2**20
            even = heard()
        with clients(port, contender.path, BURST) as heard:
            contender.publish(url, BURST)
            at_once = heard()
    cpu = (after.user + after.system - before.user - before.system) / took * 100
    lost = even["lost"] + at_once["lost"]
    frames = CLIENTS * BURST / at_once["seconds"]
    return Result(even["p50_ms"], even["p99_ms"], cpu, memory, frames, lost)


def main() -> int:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="homelab-bench-", ignore_cleanup_errors=True) as directory:
        valkey = Valkey(Path(directory) / "valkey")
        valkey.start()
        try:
            for contender in CONTENDERS:
                results.append(measure(contender, Path(directory), valkey.environment()["REDIS_URL"]))
        finally:
            valkey.stop()
    say(f"{CLIENTS} clients, {PER_SECOND} readings a second, then {BURST} at once")
    say_table(
        ("server", "p50 ms", "p99 ms", "CPU %", "MiB", "frames/s at once", "lost"),
        [_row(contender.name, result) for contender, result in zip(CONTENDERS, results, strict=True)],
    )
    ours, bare, _ = results
    return conclude(
        [
            Target(
                what="rate, of the bare one's under daphne", measured=ours.throughput / bare.throughput, at_least=0.7
            ),
            Target(what="p99, ms", measured=ours.p99, at_most=150),
            Target(what="lost", measured=ours.lost, at_most=0),
        ]
    )


def _row(name: str, of: Result) -> tuple[str, ...]:
    numbers = (of.cpu, of.memory, of.throughput, of.lost)
    return (name, f"{of.p50:.1f}", f"{of.p99:.1f}", *(f"{number:.0f}" for number in numbers))


if __name__ == "__main__":
    sys.exit(main())

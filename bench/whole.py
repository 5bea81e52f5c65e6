"""How long a reading takes from the meter to the database, and to whoever watches: `python -m bench.whole`.

The whole one-machine stack, first at the house's rate, then at fifty times that. Takes about two minutes.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from websockets.sync.client import ClientConnection, connect

from bench.pace import delays
from bench.readings import FIRST, TOPIC, payloads
from bench.report import Target, conclude, percentile, say_table
from bench.services import TOKEN
from bench.stack import Stack, running_stack
from bench.table import Rows
from bridge.mqtt import parse_url
from bridge.publisher import Publisher

RATES = ((1, 30), (50, 1_000))
"""Readings a second, and how many."""
MAX_ROW_MS = 500.0
SUBSCRIBE = '{"type":"subscribe","streams":["energy"]}'


@dataclass
class Frames:
    """What one WebSocket client hears of the readings."""

    socket: ClientConnection
    newest_number: int = field(default=-1)

    def newest(self) -> int:
        """Return the number of the newest reading that has come."""
        try:
            while True:
                frame = json.loads(self.socket.recv(timeout=0))
                if frame["type"] == "data":
                    moment = datetime.fromisoformat(frame["data"]["timestamp"])
                    self.newest_number = int((moment - FIRST).total_seconds())
        except TimeoutError:
            return self.newest_number


@contextmanager
def frames(stack: Stack) -> Iterator[Frames]:
    with connect(f"ws://127.0.0.1:{stack.port}/ws/energy?token={TOKEN}") as socket:
        socket.send(SUBSCRIBE)
        socket.recv(timeout=10)
        yield Frames(socket)


def measure(stack: Stack, rows: Rows, rate: int, count: int) -> tuple[list[float], list[float]]:
    """Publish readings; return the milliseconds until some are rows, and until as many others are frames."""
    messages = list(payloads(2 * count))
    with Publisher(parse_url(stack.environment["MQTT_URL"]), "bench") as publisher, frames(stack) as heard:

        def publish(number: int) -> None:
            publisher.publish(TOPIC, messages[number])

        def pumped(newest: int) -> int:
            publisher.pump(0)
            return newest

        rows.empty()
        stored = delays(count, rate, publish, lambda: pumped(rows.newest()))
        others = delays(count, rate, lambda n: publish(count + n), lambda: pumped(heard.newest()) - count)
        return stored, others


def main() -> int:
    measured = []
    with (
        running_stack("--no-simulator") as stack,
        closing(Rows(stack.environment["TELEMETRY_OWNER_DATABASE_URL"])) as rows,
    ):
        for rate, count in RATES:
            measured.append((rate, *measure(stack, rows, rate, count)))
    say_table(
        ("readings a second", "row: p50 ms", "p99 ms", "frame: p50 ms", "p99 ms"),
        [
            (str(rate), *(f"{percentile(took, percent):.0f}" for took in both for percent in (50, 99)))
            for rate, *both in measured
        ],
    )
    return conclude(
        [
            Target(what=f"p99 to the row at {rate}/s, ms", measured=percentile(stored, 99), at_most=MAX_ROW_MS)
            for rate, stored, _ in measured
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

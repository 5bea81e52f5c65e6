"""How many meters one machine takes before their readings are late: `python -m bench.meters`.

The whole one-machine stack. Each of so many meters publishes once a second, at a moment of its own; there are more and
more of them until the 99th percentile from when a reading is due to its row passes a second. One publisher, one bridge
and one sink, all on this machine beside everything else. A step takes longer than the minute after which rollups are
stored. Takes up to ten minutes.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import msgspec
import psycopg2

from bench.pace import delays
from bench.readings import FIRST, TOPIC, payloads
from bench.report import percentile, say, say_table
from bench.stack import Stack, running_stack
from bench.table import Rows
from bridge.mqtt import parse_url
from bridge.publisher import Publisher

METERS = (25, 50, 100, 200, 400, 800, 1_600, 3_200)
SECONDS = 65
LATE_MS = 1_000.0


def payload_of(meters: int) -> Callable[[int], bytes]:
    """Return what makes the payload of a number: meters take turns, and each has one turn a second."""
    reading = msgspec.json.decode(next(payloads(1)))

    def payload(number: int) -> bytes:
        moment = FIRST + timedelta(seconds=number / meters)
        reading["saveeyeDeviceSerialNumber"] = f"meter{number % meters}"
        reading["timestamp"] = f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
        reading["activeTotalConsumption"]["total"] = 1_000_000 + number // meters
        return msgspec.json.encode(reading)

    return payload


def newest_of(url: str, meters: int) -> Callable[[], int]:
    """Return what tells the number of the newest reading that is a row."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()

    def newest() -> int:
        cursor.execute("SELECT extract(epoch FROM max(time) - %s) FROM energy_consumption", [FIRST])
        (found,) = cursor.fetchone() or (None,)
        return -1 if found is None else round(float(found) * meters)

    return newest


def measure(stack: Stack, rows: Rows, meters: int, seconds: int) -> list[float]:
    """Let meters publish for some seconds; return after how many milliseconds each reading was a row."""
    payload = payload_of(meters)
    newest = newest_of(stack.environment["TELEMETRY_OWNER_DATABASE_URL"], meters)
    rows.empty()
    with Publisher(parse_url(stack.environment["MQTT_URL"]), "bench") as publisher:

        def pumped() -> int:
            publisher.pump(0)
            return newest()

        return delays(meters * seconds, meters, lambda number: publisher.publish(TOPIC, payload(number)), pumped)


def main() -> int:
    parser = ArgumentParser(prog="python -m bench.meters", description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    options = parser.parse_args()
    found: list[tuple[str, ...]] = []
    with (
        running_stack("--no-simulator") as stack,
        closing(Rows(stack.environment["TELEMETRY_OWNER_DATABASE_URL"])) as rows,
    ):
        for meters in METERS:
            try:
                took = measure(stack, rows, meters, options.seconds)
            except TimeoutError as error:
                say(f"{meters} meters: {error}")
                break
            figures = percentile(took, 50), percentile(took, 99), max(took)
            found.append((str(meters), *(f"{ms:.0f}" for ms in figures)))
            say(f"{meters} meters: p50, p99, most: {', '.join(found[-1][1:])} ms")
            if figures[1] > LATE_MS:
                break
    say_table(("meters", "p50 ms", "p99 ms", "most ms"), found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

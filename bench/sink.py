"""How fast and how soon what is in Kafka is a row: `python -m bench.sink`.

The sink as it runs in production beside a bare loop of the same libraries, quixstreams, and an insert for each
message, each in a process of its own on the same topic, in turns. Rows are what counts, never offsets. Takes about
two minutes.
"""

import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from kafka import KafkaProducer

from bench.pace import delays
from bench.processes import cpu_seconds, running
from bench.readings import SERIAL, values
from bench.report import Target, conclude, percentile, say, say_table
from bench.services import Services, prepare, running_services
from bench.table import Rows
from bridge.messages import Topic
from homelab_site.stack.parts import PROJECT, manage

ROUNDS = 3
MESSAGES = 30_000
FILL_MESSAGES = 500
PER_SECOND = 50
SECONDS = 20
PEERS = Path(PROJECT) / ".venv" / "peers" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Contender:
    """A sink to be measured: its command line, and how many messages its turn takes."""

    name: str
    argv: tuple[str, ...]
    messages: int = MESSAGES


OURS = Contender("this sink", manage("runworker", "sink"))
BARE = Contender("bare loop", (sys.executable, "-m", "bench.sink_loops", "merge"))
QUIXSTREAMS = Contender("quixstreams", (str(PEERS), "-m", "bench.sink_quixstreams"))
INSERT = Contender("insert each", (sys.executable, "-m", "bench.sink_loops", "insert"), MESSAGES // 6)
CONTENDERS = (OURS, BARE, QUIXSTREAMS, INSERT)


@dataclass(frozen=True, slots=True)
class Turn:
    """Rows a second, and seconds of CPU for 100,000 rows."""

    rate: float
    client: float
    server: float


def start_broker(services: Services) -> None:
    """Begin with an empty Kafka, which knows no group."""
    services.kafka.kill()
    services.kafka.start()
    prepare()


def send(producer: KafkaProducer, value: bytes) -> Any:
    return producer.send(Topic.ENERGY.value, key=SERIAL.encode(), value=value)


def fill(messages: list[bytes]) -> None:
    from homelab_site.kafka import close_producer, new_producer  # noqa: PLC0415 - only after django.setup()

    producer = new_producer()
    for at in range(0, len(messages), FILL_MESSAGES):
        # A producer gives up what waits for too long, so it never gets all at once.
        part = messages[at : at + FILL_MESSAGES]
        sent = [send(producer, value) for value in part]
        producer.flush()
        assert all(one.is_done and not one.exception for one in sent)
    close_producer(producer)


def turn(contender: Contender, services: Services, rows: Rows) -> Turn:
    """Let a sink store a topic from its beginning; measure from its first rows to its last."""
    rows.empty()
    with running("sink", contender.argv, services.directory, STATE_DIR=str(services.directory / "state")) as child:
        first = rows.wait_for(0)
        began, client, server = time.monotonic(), cpu_seconds(child), cpu_seconds(services.postgres.child)
        last = rows.wait_for(contender.messages - 1)
        took = time.monotonic() - began
        per_row = 100_000 / (last - first)
        return Turn(
            (last - first) / took,
            (cpu_seconds(child) - client) * per_row,
            (cpu_seconds(services.postgres.child) - server) * per_row,
        )


def rounds(services: Services, rows: Rows) -> dict[str, list[Turn]]:
    """Give each contender a turn in each round, in another order each, on a broker that knows nobody."""
    messages = list(values(MESSAGES))
    say(f"{MESSAGES} messages of {len(messages[0])} bytes, {ROUNDS} rounds")
    turns: dict[str, list[Turn]] = {contender.name: [] for contender in CONTENDERS}
    for number in range(ROUNDS):
        start_broker(services)
        fill(messages)
        for contender in CONTENDERS[number:] + CONTENDERS[:number]:
            took = turn(contender, services, rows)
            say(f"{contender.name}: {took.rate:.0f} rows/s")
            turns[contender.name].append(took)
    return turns


def delays_at_even_rate(services: Services, rows: Rows) -> list[float]:
    """Return the milliseconds from publishing a message to its row."""
    from homelab_site.kafka import new_producer  # noqa: PLC0415 - only after django.setup()

    messages = list(values(PER_SECOND * SECONDS))
    start_broker(services)
    rows.empty()
    with running("sink", OURS.argv, services.directory), closing(new_producer()) as producer:
        send(producer, messages[0])
        rows.wait_for(0)
        return delays(
            len(messages) - 1, PER_SECOND, lambda n: send(producer, messages[n + 1]), lambda: rows.newest() - 1
        )


def main() -> int:
    with running_services() as services, closing(Rows(services.postgres.url("telemetry"))) as rows:
        turns = rounds(services, rows)
        waited = delays_at_even_rate(services, rows)
    middle = {
        name: Turn(*(median(getattr(one, field) for one in of) for field in ("rate", "client", "server")))
        for name, of in turns.items()
    }
    say_table(
        ("sink", "rows/s", "of the bare loop", "CPU s per 100k: client", "server"),
        [
            (
                name,
                f"{one.rate:.0f}",
                f"{one.rate / middle[BARE.name].rate:.2f}",
                f"{one.client:.2f}",
                f"{one.server:.2f}",
            )
            for name, one in middle.items()
        ],
    )
    say(f"\nat {PER_SECOND} a second: p50 {percentile(waited, 50):.0f} ms, p99 {percentile(waited, 99):.0f} ms")
    ours, bare = middle[OURS.name], middle[BARE.name]
    return conclude(
        [
            Target(what="rate, of the bare loop's", measured=ours.rate / bare.rate, at_least=0.6),
            Target(what="rate, of quixstreams'", measured=ours.rate / middle[QUIXSTREAMS.name].rate, at_least=1),
            Target(what="rate, of an insert each", measured=ours.rate / middle[INSERT.name].rate, at_least=8),
            Target(what="CPU of the client, of the bare loop's", measured=ours.client / bare.client, at_most=1.5),
            Target(what="p99 from publish to row, ms", measured=percentile(waited, 99), at_most=500),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

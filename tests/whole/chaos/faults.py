"""What goes wrong, and when: the same plan for the same seed and length."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.whole.chaos.stack import CLOCKED, OURS, USES

QUIET_AT_FIRST, QUIET_AT_LAST = 3.0, 3.0
PAUSE_SECONDS = (0.5, 4.0)
CLOCK_SECONDS = (5, 7200)
REST_SECONDS = 2.0
"""How long a target has to itself after a fault."""


class Kind(StrEnum):
    """A kind of fault."""

    KILL = "kill"
    FREEZE = "freeze"
    CUT = "cut"
    DELAY = "delay"
    STALL = "stall"
    FILL = "fill"
    """The disk of the database has no page left."""
    CLOCK = "clock"
    """A process believes that it is up to two hours earlier or later."""


@dataclass(frozen=True, slots=True)
class Fault:
    """It happens to a target, `at` seconds after the start, and is over after some `seconds`.

    The target is a process or service, or a part and the service that it is linked to. `clock` is by how many seconds
    a clock is ahead meanwhile.
    """

    at: float
    seconds: float
    kind: Kind
    target: tuple[str, ...]
    clock: int = 0

    def __str__(self) -> str:
        clock = f" {self.clock:+d} s" if self.clock else ""
        return f"{self.kind} {' - '.join(self.target)}{clock}"


SERVICES = ("database", "mqtt", "valkey", "kafka")
LINKS = tuple((part, service) for part, services in USES.items() for service in services)
CHOICES: dict[Kind, tuple[tuple[str, ...], ...]] = {
    # Kafka has its log in memory only here, so it is never killed.
    Kind.KILL: tuple((name,) for name in (*OURS, "database", "mqtt", "valkey")),
    Kind.FREEZE: tuple((name,) for name in (*OURS, *SERVICES)),
    Kind.CUT: LINKS,
    Kind.DELAY: LINKS,
    Kind.STALL: LINKS,
    Kind.FILL: (("database",),),
    Kind.CLOCK: tuple((name,) for name in CLOCKED),
}
WEIGHTS = {Kind.KILL: 4, Kind.FREEZE: 2, Kind.CUT: 2, Kind.DELAY: 1, Kind.STALL: 2, Kind.FILL: 1, Kind.CLOCK: 1}


def plan(seed: int, seconds: float, every_seconds: float) -> list[Fault]:
    """Return the faults of a run in their order; several can be under way at once, but not on one target."""
    return list(_faults(Random(f"faults {seed}"), seconds, every_seconds))


def _faults(random: Random, seconds: float, every_seconds: float) -> Iterator[Fault]:
    busy_until: dict[tuple[str, ...], float] = {}
    at = QUIET_AT_FIRST
    while at < seconds - QUIET_AT_LAST - PAUSE_SECONDS[1]:
        kind = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        target = random.choice(CHOICES[kind])
        lasts = random.uniform(*PAUSE_SECONDS)
        if busy_until.get(target, 0.0) <= at:
            busy_until[target] = at + lasts + REST_SECONDS
            clock = random.choice((-1, 1)) * random.randint(*CLOCK_SECONDS) if kind is Kind.CLOCK else 0
            yield Fault(at, lasts, kind, target, clock)
        at += random.expovariate(1 / every_seconds)

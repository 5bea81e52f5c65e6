"""How benches say what they found, and whether it is what was asked for."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that was measured, and how little or how much it may be."""

    what: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        enough = self.at_least is None or self.measured >= self.at_least
        return enough and (self.at_most is None or self.measured <= self.at_most)

    @property
    def limit(self) -> str:
        return f"<= {self.at_most:g}" if self.at_most is not None else f">= {self.at_least:g}"


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns as wide as what they hold: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    say()
    for row in (header, *rows):
        first, *others = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        say("  ".join([row[0].ljust(len(first)), *others]))


def conclude(targets: Sequence[Target]) -> int:
    """Print each target with whether it was met; return the bench's exit status."""
    say_table(
        ("target", "measured", "asked for", ""),
        [(one.what, f"{one.measured:.2f}", one.limit, "met" if one.is_met else "MISSED") for one in targets],
    )
    return 0 if all(one.is_met for one in targets) else 1


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that a percentage of all are not above."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]

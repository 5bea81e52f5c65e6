"""Score `k8s_ask` on a file of requests: `python -m tests.k8s.score_words FILE POLICY`.

A line of the file is `request|expected`. What is expected is one reading or several with commas between, such as
`logs deployment homelab/homelab-api since=1h`; or `QUESTION` or `REFUSED`, alone or before `_OR_` and another.
A question beside a reading that is right counts as right: that reading was the best one.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from k8s.policy import Policy, load_policy
from k8s.words.ask import understand

ANSWERS = ("QUESTION", "REFUSED")
SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass
class Score:
    """Shares of what was right first and among the first three, and lines about what was not."""

    total: int = 0
    first: int = 0
    among_three: int = 0
    asked: int = 0
    misses: list[str] = field(default_factory=list)
    dangerous: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        shares = f"first {self.first}/{self.total} = {self.first / self.total:.1%}"
        shares += f", first three {self.among_three}/{self.total} = {self.among_three / self.total:.1%}"
        shares += f", asked although a reading was wanted {self.asked}, dangerous {len(self.dangerous)}"
        return "\n".join([*self.misses, *self.dangerous, shares])


def score(lines: Sequence[str], policy: Policy) -> Score:
    """Return how many of the lines are understood."""
    result = Score()
    for line in lines:
        text, _, expected = line.rpartition("|")
        _count(result, text, list(_alternatives(expected)), msgspec.to_builtins(understand(text, policy)))
    return result


def _alternatives(expected: str) -> Iterator[str]:
    for part in expected.split(","):
        for word in ANSWERS:
            if part.startswith((f"{word}_OR_", f"{word}_OR ")):
                yield word
        yield part.removeprefix("QUESTION_OR").removeprefix("REFUSED_OR").strip("_ ")


def _count(result: Score, text: str, wanted: Sequence[str], answer: dict[str, Any]) -> None:
    result.total += 1
    readings = answer["readings"]
    places = [place for place, reading in enumerate(readings) if any(_matches(reading, each) for each in wanted)]
    as_wanted = ("REFUSED" in wanted and answer["refused"]) or ("QUESTION" in wanted and answer["question"])
    result.first += bool(as_wanted or places[:1] == [0])
    result.among_three += bool(as_wanted or places)
    result.asked += bool(places and answer["question"] and "QUESTION" not in wanted)
    if not (as_wanted or places[:1] == [0]):
        result.misses.append(f"{'second ' if places else 'MISSED '} {text} | {', '.join(wanted)} | {_said(answer)}")
    if "REFUSED" in wanted and any(reading["plan"]["changes"] for reading in readings):
        result.dangerous.append(f"DANGEROUS {text} | {_said(answer)}")


def _matches(reading: dict[str, Any], wanted: str) -> bool:
    words = wanted.split()
    if len(words) < 2 or (reading["intent"], reading["resource"]) != (words[0], words[1]):
        return False
    where, given = [word for word in words[2:] if "=" not in word], [word for word in words[2:] if "=" in word]
    if where and _place(reading) != where[0]:
        return False
    return all(_same(reading["params"].get(name), value) for name, value in (word.split("=") for word in given))


def _place(reading: dict[str, Any]) -> str:
    if reading["resource"] in ("node", "namespace"):
        return str(reading["name"])
    return f"{reading['namespace']}/{reading['name']}" if reading["name"] else str(reading["namespace"])


def _same(given: object, wanted: str) -> bool:
    if isinstance(given, str) and given[-1] in SECONDS and wanted[-1] in SECONDS:
        return int(given[:-1]) * SECONDS[given[-1]] == int(wanted[:-1]) * SECONDS[wanted[-1]]
    return json.dumps(given).strip('"') == wanted


def _said(answer: dict[str, Any]) -> str:
    readings = [
        f"{each['intent']} {each['resource']} {_place(each)} {each['params'] or ''}({each['confidence']})"
        for each in answer["readings"]
    ]
    return "; ".join([*readings, *(str(answer[name]) for name in ("question", "refused") if answer[name])])


def lines_of(path: Path) -> list[str]:
    """Return the requests of a file, without its comments."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def main(path: str, policy: str) -> None:
    sys.stdout.write(f"{score(lines_of(Path(path)), load_policy(Path(policy)))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])

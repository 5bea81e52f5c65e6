"""Numbers, durations and switches in a text, as members of a request."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from k8s.words.vocabulary import load_vocabulary

HOURS = {"d": 24, "w": 168}
VAGUE = {"few": 5, "several": 5, "couple": 2}
PERIODS = {"today": "24h", "yesterday": "48h", "overnight": "12h", "tonight": "12h", "morning": "12h", "night": "24h"}
FUSED = re.compile(r"(\d{1,5})(s|sec|m|min|h|hr|d)")
FUSED_COPIES = re.compile(r"x?(\d{1,4})x?")
WORKFLOW_FILE = re.compile(r"(?<![\w./-])([A-Za-z0-9_][\w-]*\.ya?ml)\b")
AHEAD = 4


def numbers_in(words: Sequence[str]) -> dict[int, int]:
    """Return numbers, written in digits or as a word, by their place."""
    known = load_vocabulary().numbers
    found = {}
    for place, word in enumerate(words):
        if word in known:
            found[place] = known[word]
        elif word.isascii() and (match := FUSED_COPIES.fullmatch(word)):
            found[place] = int(match[1])
        elif word.isascii() and word.isdigit() and len(word) <= 18:
            found[place] = int(word)
    return found


def span_in(words: Sequence[str]) -> tuple[str | None, set[int]]:
    """Return a duration such as `15m`, and the places of its words."""
    units = load_vocabulary().unit_of
    numbers = numbers_in(words)
    for place, word in enumerate(words):
        if word.isascii() and (match := FUSED.fullmatch(word)):
            return _duration(int(match[1]), units[match[2]]), {place}
        unit = units.get(word)
        if unit is None or (len(word) == 1 and place - 1 not in numbers):
            continue
        return _spoken(words, place, unit, numbers)
    return next((PERIODS[word] for word in words if word in PERIODS), None), set()


def _spoken(words: Sequence[str], place: int, unit: str, numbers: Mapping[int, int]) -> tuple[str | None, set[int]]:
    """Return the duration that ends with the unit at a place: `2 hours`, `a couple of hours`, `the last hour`."""
    before = words[max(0, place - 3) : place]
    if "every" in before:
        return None, set()
    if "half" in before and unit == "h":
        return "30m", {place}
    for start in (place - 1, place - 2):
        if start in numbers and set(words[start + 1 : place]) <= {"of"}:
            return _duration(numbers[start], unit), set(range(start, place + 1))
    vague = next((VAGUE[word] for word in before if word in VAGUE), None)
    if vague is None and not load_vocabulary().signal["span"].isdisjoint(before):
        vague = 1
    return (None, set()) if vague is None else (_duration(vague, unit), {place})


def _duration(number: int, unit: str) -> str | None:
    number, unit = (number * HOURS[unit], "h") if unit in HOURS else (number, unit)
    return f"{number}{unit}" if 0 < number < 100_000 else None


def values_in(words: Sequence[str], text: str) -> dict[str, Any]:
    """Return whatever the words say about members of a request; a card takes what it knows of them."""
    signal, said = load_vocabulary().signal, set(words)
    since, taken = span_in(words)
    numbers = {place: number for place, number in numbers_in(words).items() if place not in taken}
    digits = (number for place, number in numbers.items() if words[place].isdigit() and number > 0)
    first = next(digits, None)
    lines = _before(words, numbers, signal["lines"])
    found = {
        "since": since,
        "replicas": _replicas(words, numbers),
        "tail": first if lines is None and "tail" in said else lines,
        "limit": _before(words, numbers, signal["runs"]),
        "pr_number": first,
        "run_id": first,
        "workflow": _workflow(words, text),
        "comments": bool(said & signal["comments"]) or None,
        "withSource": bool(said & signal["source"]) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _before(words: Sequence[str], numbers: Mapping[int, int], what: frozenset[str]) -> int | None:
    """Return the number that stands shortly before one of some words: `the last 20 log lines`."""
    near = (number for place, number in numbers.items() if what & set(words[place + 1 : place + AHEAD]))
    return next(near, None)


def _replicas(words: Sequence[str], numbers: Mapping[int, int]) -> int | None:
    """Return how many replicas are asked for. A number that is relative (`two more`) is none."""
    signal, said = load_vocabulary().signal, set(words)
    after_to = [place for place in numbers if place and words[place - 1] in signal["to"]]
    relative = any(
        word in signal["relative"] and words[place - 1 : place] != ["no"] for place, word in enumerate(words)
    )
    if relative and not after_to:
        return None
    counted = [place for place in numbers if signal["replicas"] & set(words[place + 1 : place + AHEAD - 1])]
    for places in (after_to, counted, list(numbers)):
        if places:
            return numbers[max(places)]
    return 0 if said & signal["to_nothing"] and not said & signal["not_to_nothing"] else None


def _workflow(words: Sequence[str], text: str) -> str | None:
    file = WORKFLOW_FILE.search(text)
    if file:
        return file[1]
    if "workflow" not in words:
        return None
    place, others = words.index("workflow"), load_vocabulary().signal["no_workflow"]
    near = [*words[max(0, place - 1) : place], *words[place + 1 : place + 2]]
    return next((word for word in near if word not in others and word.isascii() and word.isalnum()), None)

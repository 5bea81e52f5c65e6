"""Numbers, durations and switches in a text, as members of a request."""

import re
from collections.abc import Sequence
from typing import Any

from k8s.words.vocabulary import load_vocabulary

HOURS = {"d": 24, "w": 168}
VAGUE = {"few": 5, "several": 5, "couple": 2, "half": 0}
PERIODS = {"today": "24h", "yesterday": "48h", "overnight": "12h", "tonight": "12h", "morning": "12h", "night": "24h"}
FUSED = re.compile(r"(\d{1,5})(s|sec|m|min|h|hr|d)")
FUSED_COPIES = re.compile(r"x?(\d{1,4})x?")
WORKFLOW_FILE = re.compile(r"(?<![\w./-])([A-Za-z0-9_][\w-]*\.ya?ml)\b")
COPIES = {"replica", "replicas", "copy", "copies", "instance", "instances", "pod", "pods", "times"}
RELATIVE = {"more", "another", "extra", "additional", "fewer", "less", "half", "further"}
TO_NOTHING = {"stop", "shut", "shutdown", "off", "halt", "offline", "park", "nothing", "down", "kill"}

SINCE = {"last", "past", "since", "ago", "previous", "for", "in", "within", "recent", "senaste"}
LINES = {"line", "lines", "rader", "entries", "rows"}
SOURCE = {"source", "fetch", "pull", "fetching", "pulling", "pushed", "push", "commit", "newest", "latest", "merged"}
COMMENTS = {"comment", "comments", "discussion", "conversation", "reviewers", "remarks", "feedback", "say"}
RUNS = {"run", "runs", "build", "builds", "pipeline", "pipelines", "prs", "requests", "ones", "workflows"}
NOT_A_WORKFLOW = {
    *(
        "the",
        "a",
        "this",
        "that",
        "which",
        "what",
        "latest",
        "last",
        "current",
        "recent",
        "failed",
        "github",
        "my",
        "our",
    ),
    *(
        "show",
        "view",
        "watch",
        "list",
        "of",
        "in",
        "open",
        "any",
        "all",
        "describe",
        "me",
        "run",
        "does",
        "is",
        "new",
        "read",
    ),
}


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
    for place, word in enumerate(words):
        if word in PERIODS:
            return PERIODS[word], {place}
    return None, set()


def _spoken(words: Sequence[str], place: int, unit: str, numbers: dict[int, int]) -> tuple[str | None, set[int]]:
    before = words[max(0, place - 3) : place]
    if "every" in before:
        return None, set()
    if "half" in before and unit == "h":
        return "30m", {place}
    if place - 1 in numbers:
        return _duration(numbers[place - 1], unit), {place - 1, place}
    if place - 2 in numbers and words[place - 1] == "of":
        return _duration(numbers[place - 2], unit), {place - 2, place - 1, place}
    for word in before:
        if word in VAGUE:
            return _duration(VAGUE[word], unit), {place}
    if any(word in SINCE or word in ("an", "a") for word in before):
        return _duration(1, unit), {place}
    return None, set()


def _duration(number: int, unit: str) -> str | None:
    number, unit = (number * HOURS[unit], "h") if unit in HOURS else (number, unit)
    return f"{number}{unit}" if 0 < number < 100_000 else None


def values_in(words: Sequence[str], text: str) -> dict[str, Any]:
    """Return whatever the words say about members of a request; a card takes what it knows of them."""
    since, taken = span_in(words)
    numbers = {place: number for place, number in numbers_in(words).items() if place not in taken}
    digits = {place: number for place, number in numbers.items() if words[place].isdigit() and number > 0}
    found: dict[str, Any] = {"since": since, "replicas": _replicas(words, numbers)}
    found["tail"] = next(
        (number for place, number in numbers.items() if LINES & set(words[place + 1 : place + 4])), None
    )
    if found["tail"] is None and "tail" in words:
        found["tail"] = next(iter(digits.values()), None)
    found["limit"] = next(
        (number for place, number in numbers.items() if RUNS & set(words[place + 1 : place + 4])), None
    )
    found["pr_number"] = found["run_id"] = next(iter(digits.values()), None)
    found["comments"] = bool(COMMENTS & set(words))
    found["withSource"] = bool(SOURCE & set(words))
    found["workflow"] = _workflow(words, text)
    return {name: value for name, value in found.items() if value is not None and value is not False}


def _replicas(words: Sequence[str], numbers: dict[int, int]) -> int | None:
    """Return how many replicas are asked for. A number that is relative (`two more`) is none."""
    relative = any(word in RELATIVE and words[place - 1 : place] != ["no"] for place, word in enumerate(words))
    if relative and not any(words[place - 1] in ("to", "total") for place in numbers if place):
        return None
    ranked = sorted(
        numbers,
        key=lambda place: (
            not (place and words[place - 1] in ("to", "till", "at", "with", "at")),
            not COPIES & set(words[place + 1 : place + 3]),
            -place,
        ),
    )
    if ranked:
        return numbers[ranked[0]]
    said = set(words)
    return 0 if TO_NOTHING & said and not {"scale", "scaled", "start", "on", "reduce", "back"} & said else None


def _workflow(words: Sequence[str], text: str) -> str | None:
    file = WORKFLOW_FILE.search(text)
    if file:
        return file[1]
    for place, word in enumerate(words):
        if word == "workflow":
            near = [words[place - 1] if place else "", *words[place + 1 : place + 2]]
            name = next((word for word in near if word and word not in NOT_A_WORKFLOW and word.isascii()), None)
            if name:
                return name
    return None

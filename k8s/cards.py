"""Cards: what an intent means for a resource, as argument lists with gaps. One YAML file each, loaded once.

A gap `{name}` is filled with one value, within one element of the argument list. What stands in brackets is left out
where a value for one of its gaps is missing: `kubectl logs [{resource}/{name}] [-l {selector}]`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

CARDS = Path(__file__).with_name("cards")
GAP = re.compile(r"\{(\w+)\}")
OPTIONAL = re.compile(r"\[([^\]]*)\]")


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that waits for something, so that the time limit of the request is its own."""

    waits: str


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A card. `needs` and `takes` are members of a request; `a|b` needs one of the two.

    `argv` is what runs, one template for each step, and `preview` what a dry run does in its place. `shows` says which
    end of a long output is kept.
    """

    intent: str
    resource: tuple[str, ...]
    summary: str
    risk: Literal["none", "low", "medium", "high"]
    changes: bool
    argv: tuple[str | Waiting, ...]
    checks: tuple[str, ...]
    examples: tuple[str, ...]
    notes: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    defaults: dict[str, int] = {}
    preview: tuple[str, ...] = ()
    shows: Literal["start", "end"] = "start"

    @property
    def members(self) -> frozenset[str]:
        """All members of a request that the card knows what to do with."""
        needed = {name for need in self.needs for name in need.split("|")}
        return frozenset({*needed, *self.takes, "timeout"})


@lru_cache(maxsize=1)
def load_cards() -> Mapping[tuple[str, str], Card]:
    """Return all cards by intent and resource. Raises ValueError for a wrong card or two of the same subject."""
    cards: dict[tuple[str, str], Card] = {}
    for path in sorted(CARDS.glob("*.yaml")):
        try:
            card = msgspec.convert(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader), type=Card)
        except (yaml.YAMLError, msgspec.ValidationError) as error:
            raise ValueError(f"the card {path.name} is wrong: {error}") from error
        for resource in card.resource:
            if (card.intent, resource) in cards:
                raise ValueError(f"the card {path.name} is the second for {card.intent} of {resource}")
            cards[card.intent, resource] = card
    return cards


def fill(template: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return a template's words with its gaps filled; none at all if the whole of it may be left out and is.

    A value stays within its word, whatever signs it holds.
    """

    def kept(group: re.Match[str]) -> str:
        return group[1] if all(gap in values for gap in GAP.findall(group[1])) else ""

    return tuple(GAP.sub(lambda gap: values[gap[1]], word) for word in OPTIONAL.sub(kept, template).split())

"""What must not be done, whatever words it is asked for in."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from k8s.words.likeness import FORBIDDEN
from k8s.words.names import Named
from k8s.words.text import BREAK
from k8s.words.vocabulary import Forbidden, load_forbidden

LEAST_LIKENESS, LEAD = 0.42, 0.02
SURE_TARGET = 0.5


def forbidden_in(named: Named, likeness: Mapping[str, float], best: float) -> Forbidden | None:
    """Return what is asked for that is not done, if that is asked for. `best` is the likeness of what might be done."""
    about = _about(named)
    everything = _flat(named.words)
    parts = list(zip(_clauses(named.marked), _clauses(named.words), strict=True))
    for entry in load_forbidden():
        if not entry.words or _one_of(entry.unless, everything) or entry.only not in (None, about):
            continue
        # A verb within a name is none, but what a verb is about may be one: `clear the redpanda topics`.
        verbs, *objects = entry.words
        if any(_one_of(verbs, marked) and all(_one_of(group, words) for group in objects) for marked, words in parts):
            return entry
    likeliest = max(load_forbidden(), key=lambda entry: likeness.get(f"{FORBIDDEN}{entry.what}", 0.0))
    fit = likeness.get(f"{FORBIDDEN}{likeliest.what}", 0.0)
    if likeliest.only not in (None, about):
        return None
    return likeliest if fit > LEAST_LIKENESS and fit > best + LEAD else None


def _about(named: Named) -> str:
    """Return the kind of the thing that is named, or `nothing` where that is at most a namespace or Flux's part."""
    wide = ("namespace", "kustomization")
    sure = (target.kind for target in named.targets if target.score > SURE_TARGET and target.kind not in wide)
    return next(sure, "nothing")


def _clauses(words: Sequence[str]) -> list[str]:
    return [_flat(list(clause)) for is_break, clause in groupby(words, BREAK.__eq__) if not is_break]


def _flat(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


def _one_of(entries: Sequence[str], flat: str) -> bool:
    return any(f" {entry.replace('-', ' ').strip()} " in flat for entry in entries)

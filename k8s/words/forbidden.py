"""What must not be done, whatever words it is asked for in."""

from collections.abc import Mapping, Sequence

from k8s.words.likeness import FORBIDDEN
from k8s.words.names import Named
from k8s.words.vocabulary import Forbidden, load_forbidden

LEAST_LIKENESS, LEAD = 0.42, 0.02
SURE_TARGET = 0.5


def forbidden_in(named: Named, likeness: Mapping[str, float], best: float) -> Forbidden | None:
    """Return what is asked for that is not done, if that is asked for. `best` is the likeness of what might be done."""
    about = _about(named)
    marked, words = f" {' '.join(named.marked)} ", f" {' '.join(named.words)} "
    for entry in load_forbidden():
        if not entry.words or _one_of(entry.unless, words) or entry.only not in (None, about):
            continue
        # A verb within a name is none, but what a verb is about may be one: `clear the redpanda topics`.
        verbs, *objects = entry.words
        if _one_of(verbs, marked) and all(_one_of(group, words) for group in objects):
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


def _one_of(entries: Sequence[str], flat: str) -> bool:
    return any(f" {entry.replace('-', ' ').strip()} " in flat for entry in entries)

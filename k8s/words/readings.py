"""The readings of a text: what is asked for and what about, judged together, since each tells about the other."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from k8s.cards import Card, load_cards
from k8s.policy import Policy
from k8s.words.likeness import NUMBER
from k8s.words.names import WORKLOADS, Named, Target
from k8s.words.text import stem
from k8s.words.vocabulary import load_vocabulary

# How much the target counts beside the intent, and the least that it must be worth.
TARGET_WEIGHT = 0.6
LEAST_TARGET, SURE_TARGET = 0.3, 0.5
# What stands in for a target where a request needs none: its kind of thing is spoken of, or not.
NO_TARGET_SAID, NO_TARGET = 0.75, 0.3
# What a reading about GitHub loses where a workload is named.
BESIDE = 0.1
# The likeness from which a list may be meant whose kind of thing is not spoken of: `is everything in sync`.
LEAST_UNSAID = 0.45
# What a list of a namespace loses where it is not said of what.
UNSAID_LIST = 0.15
# Differences of scores at which one reading is e times as likely as another.
TEMPERATURE = 0.09
GOOD_FIT = 0.9
# What an intent may borrow from another one that people mix up with it, by the kind of the target.
BORROWS: Mapping[tuple[str, str], tuple[tuple[str, float], ...]] = {
    ("job-restart", "job"): (("restart", 0.0),),
    ("restart", "workload"): (("job-restart", 0.05),),
    ("logs", "job"): (("diagnose", 0.05),),
    ("flux-status", "kustomization"): (("status", 0.03), ("diagnose", 0.03), ("describe", 0.08), ("events", 0.08)),
    ("flux-suspend", "kustomization"): (("scale", 0.12),),
    ("describe", "configmap"): (("config-view", 0.1),),
    ("status", "service"): (("diagnose", 0.1),),
}
ASKING, CAUTION, FORBIDDING = -0.15, -0.02, -0.5
# Meanings of orders: after a `not` they are what is to be left alone (`do not schedule anything` is an order itself).
ACTS = {"bounce", "count", "empty", "hold", "unhold"}
LISTED = ("pod", "deployment", "statefulset", "daemonset", "service", "configmap")


@dataclass(frozen=True, slots=True)
class Reading:
    """A request that a text may mean, and how well it fits. Without `target` it is about nothing in particular."""

    intent: str
    resource: str
    namespace: str | None
    name: str | None
    target: Target | None
    fit: float

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        return self.intent, self.resource, self.namespace, self.name


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a text: what it names, how like it is to what people ask, and where that is to be done."""

    named: Named
    likeness: Mapping[str, float]
    policy: Policy


def readings_of(asked: Asked) -> list[Reading]:
    """Return all readings that make sense, the best first."""
    found: dict[tuple[str, str, str | None, str | None], Reading] = {}
    for (intent, resource), card in load_cards().items():
        like = _likeness_of(intent, resource, asked.likeness) + _mood(card, asked.named)
        for reading in _of_card(card, resource, like, asked) if like > 0 else ():
            if reading.key not in found or found[reading.key].fit < reading.fit:
                found[reading.key] = reading
    return sorted(found.values(), key=lambda reading: -reading.fit)


def _of_card(card: Card, resource: str, like: float, asked: Asked) -> Iterator[Reading]:
    intent, named = card.intent, asked.named
    if "name" not in card.members:
        said = _speaks_of(("ci", "review"), named)
        if said or like > LEAST_UNSAID:
            beside = any(target.kind in WORKLOADS and target.score > SURE_TARGET for target in named.targets)
            yield Reading(intent, resource, None, None, None, like + _of_no_target(said) - BESIDE * beside)
        return
    for target in named.targets:
        if target.score < LEAST_TARGET:
            continue
        if target.kind == resource:
            fit = like + TARGET_WEIGHT * target.score + _evidence(intent, resource, named, target)
            yield Reading(intent, resource, target.namespace, target.name, target, fit)
        elif target.kind == "namespace" and resource in LISTED and _may_list(card):
            yield from _listing(intent, resource, like, named, target)
    if resource in ("node", "namespace", "kustomization") and _may_list(card) and not _about_one(resource, named):
        namespace = _home_of_kustomizations(asked.policy) if resource == "kustomization" else None
        said = _speaks_of_kind(resource, named)
        if said or like > LEAST_UNSAID:
            yield Reading(intent, resource, namespace, None, None, like + _of_no_target(said))


def _of_no_target(said: bool) -> float:
    """Return what a reading gets that is about nothing in particular, by whether its kind of thing is spoken of."""
    return TARGET_WEIGHT * (NO_TARGET_SAID if said else NO_TARGET)


def _speaks_of(subjects: Sequence[str], named: Named) -> bool:
    meanings = load_vocabulary().meaning_of
    return any(subject in meanings.get(stem(word), ()) for word in named.marked for subject in subjects)


def _speaks_of_kind(resource: str, named: Named) -> bool:
    if resource == "kustomization":
        return _speaks_of_flux(named)
    return resource in named.kinds or (resource == "node" and "cluster" in named.marked)


def _listing(intent: str, resource: str, like: float, named: Named, space: Target) -> Iterator[Reading]:
    """Yield the reading about all things of a kind in a namespace."""
    spoken = named.kinds & set(LISTED)
    if resource in spoken or (not spoken and resource == "pod"):
        fit = like + TARGET_WEIGHT * (space.score - (0.0 if spoken else UNSAID_LIST))
        yield Reading(intent, resource, space.namespace, None, space, fit)


def _may_list(card: Card) -> bool:
    return "name" in card.takes


def _about_one(resource: str, named: Named) -> bool:
    """Tell whether something in particular is named, so that a list of everything is not what is wanted."""
    return any(target.kind == resource and target.score > SURE_TARGET for target in named.targets)


def _home_of_kustomizations(policy: Policy) -> str | None:
    homes = [item.namespace for item in policy.inventory if item.kind == "kustomization"]
    homes += [name for name, rules in policy.namespaces.items() if "flux-status" in rules.intents]
    return max(homes, key=homes.count, default=None)


def _likeness_of(intent: str, resource: str, likeness: Mapping[str, float]) -> float:
    kind = "workload" if resource in WORKLOADS else resource
    borrowed = (likeness.get(other, 0.0) - cost for other, cost in BORROWS.get((intent, kind), ()))
    return max(likeness.get(intent, 0.0), *borrowed, 0.0)


def _mood(card: Card, named: Named) -> float:
    """Return what speaks against changing anything: a question is seldom an order, and looking does no harm."""
    if not card.changes:
        return 0.0
    if any(ACTS & set(meanings) for meanings in _after_not(named.words)):
        return FORBIDDING
    return ASKING if named.words[:1] and named.words[0] in load_vocabulary().signal["question"] else CAUTION


def _after_not(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the meanings of what stands after a `not`, as in `do not restart it`."""
    meaning_of = load_vocabulary().meaning_of
    for one, other in pairwise(words):
        if one in ("not", "never", "without"):
            yield meaning_of.get(stem(other), ())


def _evidence(intent: str, resource: str, named: Named, target: Target) -> float:
    """Return what the rest of the text adds: Flux's kind of thing is meant where Flux is spoken of, for instance."""
    evidence = 0.0
    if resource == "kustomization" and not _speaks_of_flux(named):
        named_elsewhere = any(other.kind in WORKLOADS and other.score > SURE_TARGET for other in named.targets)
        evidence -= 0.25 if named_elsewhere or intent == "flux-status" else 0.05
    if resource != "kustomization" and _speaks_of_flux(named) and target.kind != "node":
        evidence -= 0.12
    if resource in named.kinds:
        evidence += 0.03
    if intent == "scale" and not _speaks_of(("count", "halt"), named) and NUMBER not in named.marked:
        evidence -= 0.15
    if resource == "namespace" and intent == "status":
        evidence -= 0.06 if "namespace" in named.kinds and not named.kinds & set(LISTED) else 0.15
    return evidence


def _speaks_of_flux(named: Named) -> bool:
    return "kustomization" in named.kinds or bool({"flux", "gitops", "sync", "reconcile"} & set(named.marked))


def confidences(fits: Sequence[float]) -> list[float]:
    """Return how sure each reading is, from 0 to 1: its share among all, times how well it fits at all."""
    odds = [math.exp((fit - max(fits)) / TEMPERATURE) for fit in fits]
    return [
        round(min(1.0, max(0.0, share / sum(odds) * min(1.0, fit / GOOD_FIT))), 3)
        for share, fit in zip(odds, fits, strict=True)
    ]


def request_of(reading: Reading, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reading as the members of a request; of the values it takes those that its card knows."""
    card = load_cards()[reading.intent, reading.resource]
    given = {name: value for name, value in values.items() if name in card.members}
    if reading.resource == "namespace" and reading.name:
        given["namespace"] = reading.name
    elif reading.namespace:
        given["namespace"] = reading.namespace
    if reading.name:
        given["name"] = reading.name
    return {"intent": reading.intent, "resource": reading.resource, **given}

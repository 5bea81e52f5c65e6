"""What a text may mean under a policy: readings, a question or a refusal. Nothing runs; the planner has seen it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from k8s.cards import load_cards
from k8s.plan import Plan, ShownPlan, shown
from k8s.planner import make_plan
from k8s.policy import Policy
from k8s.refusal import RefusedError
from k8s.request import InvalidRequestError, parse_request
from k8s.words.forbidden import forbidden_in
from k8s.words.likeness import FORBIDDEN, NAME, load_likeness
from k8s.words.names import Named, Names
from k8s.words.readings import TARGET_WEIGHT, Asked, Reading, confidences, readings_of, request_of
from k8s.words.text import words_of
from k8s.words.values import values_in
from k8s.words.vocabulary import load_vocabulary

MOST_READINGS = 3
# So many readings are planned: the rest is too far off to be among the best three.
MOST_PLANNED = 16
# Below this likeness to anything that people ask for, a text is not understood.
LEAST_LIKENESS = 0.2
# How sure a second or third reading must be; one that changes something is not offered by the way.
LEAST, LEAST_OF_CHANGE = 0.02, 0.06
# How much better the best reading must fit than one about another thing, or else it is asked which is meant.
CLEAR_LEAD = 0.03
# What a reading loses that the policy refuses or a value is missing for, against one that could be carried out.
# Nobody forgets the number of a run or a pull request that they speak of, but many do not say how many replicas.
LACKING = {"replicas": 0.08, "run_id": 0.15, "pr_number": 0.15, "workflow": 0.15}
REFUSED = 0.06
# How much worse a look may fit that is offered in place of one that the policy refuses.
NEAR_LOOK = 0.25
QUESTIONS = {
    "replicas": "To how many replicas?",
    "run_id": "Which run? Its number is needed.",
    "pr_number": "Which pull request? Its number is needed.",
    "workflow": "Which workflow?",
}
NOT_EVERYTHING = "What changes something is done to one thing at a time: name the one that is meant."
# What is offered, at a low confidence, where a thing is named and the rest is not understood.
LOOKS = ("diagnose", "status", "flux-status", "logs")
UNSURE, SURE_TARGET = 0.2, 0.5
NOT_UNDERSTOOD = "What should be done, and with what? For instance: why does the api keep crashing, or restart the api."


class ShownReading(msgspec.Struct, kw_only=True):
    """One way to understand a text. `params` are the further members of the request, `confidence` is from 0 to 1."""

    intent: str
    resource: str
    namespace: str | None
    name: str | None
    params: dict[str, Any]
    confidence: float
    plan: ShownPlan


class Understood(msgspec.Struct, kw_only=True):
    """What a text may mean, best first; what is to be asked before anything is done; why it is not done at all."""

    readings: list[ShownReading] = []
    question: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading that the planner has seen: its plan, or why there is none, and whether that is for want of a value."""

    reading: Reading
    request: Mapping[str, Any]
    plan: Plan | None
    reason: str = ""
    lacks: str | None = None

    @property
    def fit(self) -> float:
        return self.reading.fit - (0 if self.plan else LACKING[self.lacks] if self.lacks else REFUSED)


def understand(text: str, policy: Policy) -> Understood:
    """Return what a text may mean, at most three readings."""
    named = Names(policy).find(words_of(text))
    likeness = load_likeness().scores(named.marked)
    wishes = {intent: like for intent, like in likeness.items() if not intent.startswith(FORBIDDEN)}
    wish = max(wishes, key=wishes.__getitem__, default="diagnose")
    like = wishes.get(wish, 0.0)
    forbidden = forbidden_in(named, likeness, like)
    if forbidden is not None:
        instead = f" Instead: {forbidden.suggestion}." if forbidden.suggestion else ""
        return Understood(refused=f"{forbidden.reason}{instead}")
    readings = readings_of(Asked(named, likeness, policy))
    judged = sorted(
        (_judged(reading, named, text, policy) for reading in readings[:MOST_PLANNED]), key=lambda one: -one.fit
    )
    if like < LEAST_LIKENESS or set(named.marked) <= {NAME, *load_vocabulary().signal["silent"]}:
        return _not_understood(judged, named)
    if not judged or (judged[0].reading.intent != wish and judged[0].fit < like + TARGET_WEIGHT * 0.3):
        return _about_nothing(wish, named)
    return _answer(judged, named)


def _not_understood(judged: Sequence[Judged], named: Named) -> Understood:
    """Ask what is to be done, and offer to look at what is named: most who name a thing say what is wrong with it."""
    if not named.targets or named.targets[0].score < SURE_TARGET:
        return Understood(question=NOT_UNDERSTOOD)
    thing = named.targets[0]
    looks = [one for one in judged if one.plan and not one.plan.changes and one.reading.target]
    looks.sort(key=lambda one: LOOKS.index(one.reading.intent) if one.reading.intent in LOOKS else len(LOOKS))
    return Understood(
        readings=[_reading(one, one.plan, UNSURE) for one in looks[:MOST_READINGS] if one.plan],
        question=f"What should be done with {thing.kind} {thing.name}?",
    )


def _about_nothing(intent: str, named: Named) -> Understood:
    kinds = [resource for wanted, resource in load_cards() if wanted == intent]
    if load_cards()[intent, kinds[0]].changes and _everything(named):
        return Understood(refused=NOT_EVERYTHING)
    unknown = f" Nothing is known by the name of {', '.join(named.unknown[:3])}." if named.unknown else ""
    which = " or ".join([*filter(None, [", ".join(kinds[:-1])]), kinds[-1]])
    return Understood(question=f"{intent} which {which}?{unknown}")


def _judged(reading: Reading, named: Named, text: str, policy: Policy) -> Judged:
    places = reading.target.places if reading.target else frozenset()
    words = ["@" if place in places else word for place, word in enumerate(named.words)]
    request = request_of(reading, values_in(words, text))
    try:
        return Judged(reading, request, make_plan(parse_request(request), policy))
    except InvalidRequestError as error:
        return Judged(reading, request, None, str(error))
    except RefusedError as error:
        member = error.reason.removesuffix(": missing.")
        return Judged(reading, request, None, error.reason, member if member in QUESTIONS else None)


def _answer(judged: Sequence[Judged], named: Named) -> Understood:
    best = judged[0]
    rivals = _rivals(judged)
    if best.plan is None and best.lacks is None and not rivals:
        return Understood(readings=[] if _changes(best) else _other_looks(best, judged), refused=best.reason)
    if _changes(best) and _everything(named) and _unspecific(best):
        return Understood(refused=NOT_EVERYTHING)
    if best.lacks is not None:
        return Understood(question=QUESTIONS[best.lacks])
    shown_readings = _shown(judged)
    question = f"Which is meant: {_listed([best, *rivals])}?" if rivals else None
    return Understood(readings=shown_readings, question=question)


def _other_looks(best: Judged, judged: Sequence[Judged]) -> list[ShownReading]:
    """Return what may be looked at in place of what may not."""
    sure = confidences([one.fit for one in judged])
    looks = [(one, share) for one, share in zip(judged, sure, strict=True) if best.fit - one.fit < NEAR_LOOK]
    return [_reading(one, one.plan, share) for one, share in looks if one.plan and not one.plan.changes][:MOST_READINGS]


def _everything(named: Named) -> bool:
    return not load_vocabulary().signal["everything"].isdisjoint(named.marked)


def _changes(judged: Judged) -> bool:
    return load_cards()[judged.reading.intent, judged.reading.resource].changes


def _unspecific(judged: Judged) -> bool:
    target = judged.reading.target
    return target is None or target.score < 0.5


def _rivals(judged: Sequence[Judged]) -> list[Judged]:
    """Return readings that fit nearly as well as the best one and ask the same of another thing, or something else."""
    best = judged[0]
    return [
        other
        for other in judged[1:]
        if best.fit - other.fit < CLEAR_LEAD
        and (_changes(best) or _changes(other) or other.reading.intent == best.reading.intent)
        and other.reading.key != best.reading.key
    ][: MOST_READINGS - 1]


def _shown(judged: Sequence[Judged]) -> list[ShownReading]:
    sure = confidences([one.fit for one in judged])
    found = [_reading(one, one.plan, share) for one, share in zip(judged, sure, strict=True) if one.plan is not None]
    others = [
        reading for reading in found[1:] if reading.confidence >= (LEAST_OF_CHANGE if reading.plan.changes else LEAST)
    ]
    return [*found[:1], *others][:MOST_READINGS]


def _reading(judged: Judged, plan: Plan, confidence: float) -> ShownReading:
    own = ("intent", "resource", "namespace", "name")
    params = {name: value for name, value in judged.request.items() if name not in own}
    return ShownReading(
        intent=judged.reading.intent,
        resource=judged.reading.resource,
        namespace=judged.reading.namespace,
        name=judged.reading.name,
        params=params,
        confidence=confidence,
        plan=shown(plan),
    )


def _listed(judged: Sequence[Judged]) -> str:
    return " or ".join(
        f"{one.reading.intent} {one.reading.resource} {one.reading.name or ''}".strip() for one in judged
    )

"""Which things of the inventory a text names: by whole names, parts of them, other words for them, or with slips."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from k8s.policy import Policy
from k8s.words.likeness import NAME, NUMBER, SPAN, load_likeness
from k8s.words.text import mended, stem
from k8s.words.values import numbers_in, span_in
from k8s.words.vocabulary import load_vocabulary

PARTS = re.compile(r"[-._]+")
WORKLOADS = ("deployment", "statefulset", "daemonset")
# How sure each way of naming a part of a name is.
WHOLE, PLURAL, SAME_STEM, ALIAS, BEGINNING, SLIP = 1.0, 0.97, 0.9, 0.8, 0.88, 0.85
SHORTEST_BEGINNING = 4
ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3}
NUMBERED = re.compile(r"(?:node|pi|host|machine|server|worker)(\d{1,3})")
PLACE_WORDS = {"in", "from", "within", "inside", "namespace", "ns", "i", "under", "across"}
# What a kind is worth where nothing in the text says which is meant.
RELUCTANCE = {"service": 0.15, "configmap": 0.15, "pod": 0.12, "job": 0.06, "kustomization": 0.0}
SAME_NAMESPACE = 0.85


@dataclass(frozen=True, slots=True)
class Target:
    """Something in the cluster, and from 0 to 1 how surely the text means it. `places` are the words that say so."""

    kind: str
    namespace: str | None
    name: str
    score: float
    places: frozenset[int]


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names: its targets, its words mended, and with signs for names and numbers, and words that say nothing."""

    targets: Sequence[Target]
    kinds: frozenset[str]
    words: Sequence[str]
    marked: Sequence[str]
    unknown: Sequence[str]
    where: str | None


class Names:
    """The names of a policy, taken apart once."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.parts = {name: parts_of(name) for name in {item.name for item in policy.inventory}}
        self.parts |= {name: parts_of(name) for name in policy.namespaces}
        self.nodes = {name: parts_of(name.partition(".")[0]) for name in policy.nodes}
        everything = [*self.parts.values(), *self.nodes.values()]
        seen = Counter(part for parts in everything for part in set(parts))
        self.weights = {part: math.log(1 + len(everything) / count) for part, count in seen.items()}
        self.workloads = {item.name for item in policy.inventory if item.kind in WORKLOADS}
        vocabulary = load_vocabulary()
        self.kind_words = vocabulary.kind_of.keys()
        self.side_parts = vocabulary.side_parts
        self.by_stem: dict[str, set[str]] = defaultdict(set)
        for part in seen:
            self.by_stem[stem(part)].add(part)
        self.known = {
            *(load_likeness().words | seen.keys() | vocabulary.meaning_of.keys() | vocabulary.kind_of.keys()),
            *vocabulary.plain.split(),
            *(vocabulary.aliases.keys() | vocabulary.numbers.keys() | vocabulary.unit_of.keys() | ORDINALS.keys()),
        }

    def find(self, given: Sequence[str]) -> Named:
        """Return what the words name, the likeliest first."""
        words, slips = self._mended(given)
        mentions = self._mentions(words, slips)
        kinds = _kinds(words, mentions)
        spaces = list(self._namespaces(words, mentions, kinds))
        where = _where(words, spaces)
        targets = [*spaces, *self._nodes(words, mentions, kinds), *self._items(mentions, kinds, where)]
        targets += _joined(words, self.policy)
        targets.sort(key=lambda target: -target.score)
        unknown = [word for word in words if word not in self.known and not word.isdigit() and len(word) > 2]
        return Named(targets, kinds, words, self._marked(words, targets), unknown, where.name if where else None)

    def _mended(self, words: Sequence[str]) -> tuple[list[str], set[int]]:
        right, slips = list(words), set()
        for place, word in enumerate(words):
            if (
                word in self.known
                or self.by_stem.get(stem(word))
                or any(part.startswith(word) for part in self.weights)
            ):
                continue
            if (better := mended(word, self.known)) is not None:
                right[place] = better
                slips.add(place)
        return right, slips

    def _mentions(self, words: Sequence[str], slips: set[int]) -> Mapping[str, tuple[float, frozenset[int]]]:
        """Return for each part of a name how surely it is named, and where."""
        found: dict[str, tuple[float, frozenset[int]]] = {}
        for place in range(len(words)):
            for part, sure, places in self._parts_at(words, place):
                sure *= SLIP if places & slips else 1
                if sure > found.get(part, (0.0,))[0]:
                    found[part] = sure, places
        return found

    def _parts_at(self, words: Sequence[str], place: int) -> Iterator[tuple[str, float, frozenset[int]]]:
        word, here = words[place], frozenset((place,))
        for length in (2, 3):
            joined = "".join(words[place : place + length])
            if joined in self.weights and place + length <= len(words):
                yield joined, WHOLE, frozenset(range(place, place + length))
        if word in self.weights:
            yield word, WHOLE, here
        if word.isascii() and word.isdigit():
            yield from ((part, WHOLE, here) for part in self.weights if part.isdigit() and int(part) == int(word[:18]))
        for part in (word.removesuffix("s"), f"{word}s"):
            if part in self.weights and len(word) > SHORTEST_BEGINNING - 1:
                yield part, PLURAL, here
        if len(word) >= SHORTEST_BEGINNING:
            yield from ((part, SAME_STEM, here) for part in self.by_stem.get(stem(word), ()))
            yield from ((part, BEGINNING, here) for part in self.weights if part.startswith(word))
        aliases = load_vocabulary().aliases
        for part in (*aliases.get(word, ()), *aliases.get(word.removesuffix("s"), ())):
            if part in self.weights:
                yield part, ALIAS, here

    def _likeness(
        self,
        parts: Sequence[str],
        mentions: Mapping[str, tuple[float, frozenset[int]]],
        free: frozenset[str] = frozenset(),
    ) -> tuple[float, frozenset[int]]:
        """Return how much of a name is said, by the weight of its parts; `free` parts need not be."""
        total = said = 0.0
        places: frozenset[int] = frozenset()
        for part in parts:
            sure, at = mentions.get(part, (0.0, frozenset()))
            weight = self.weights[part] * (0.35 if part in free and not sure else 1)
            total += weight
            said += weight * sure
            places |= at
        return (said / total if total else 0.0), places

    def _items(
        self, mentions: Mapping[str, tuple[float, frozenset[int]]], kinds: frozenset[str], where: Target | None
    ) -> Iterator[Target]:
        owners: dict[frozenset[str], set[str]] = defaultdict(set)
        for name, parts in self.parts.items():
            owners[frozenset(part for part in parts if part in mentions)].add(name)
        best_of: dict[str, float] = defaultdict(float)
        configmaps = []
        for item in self.policy.inventory:
            parts = self.parts[item.name]
            free = frozenset(parts_of(item.namespace))
            if item.kind == "configmap":
                free |= {"config", "configmap", "settings", "conf", "cm", "env"}
            score, places = self._likeness(parts, mentions, free)
            said = [part for part in parts if part in mentions]
            own = [part for part in said if part not in parts_of(item.namespace)]
            if (
                said
                and not own
                and item.name != item.namespace
                and (where is not None and where.name == item.namespace)
            ):
                score *= 0.35
            elif said:
                score = max(score, self._if_alone(item.name, said, mentions))
            if not places and item.kind != "configmap":
                continue
            score += self._preference(item.kind, item.namespace, item.name, kinds, where, places)
            if item.kind in WORKLOADS:
                best_of[item.namespace] = max(best_of[item.namespace], score)
            if item.kind == "configmap":
                configmaps.append(Target(item.kind, item.namespace, item.name, score, places))
            else:
                yield Target(item.kind, item.namespace, item.name, _bounded(score), places)
        many = Counter(target.namespace for target in configmaps)
        for target in configmaps:
            shared = (SAME_NAMESPACE if many[target.namespace] == 1 else 0.6) * best_of[target.namespace or ""]
            if max(target.score, shared) > 0 and (target.places or shared > 0):
                yield Target(
                    target.kind, target.namespace, target.name, _bounded(max(target.score, shared)), target.places
                )

    def _if_alone(self, whole: str, said: Sequence[str], mentions: Mapping[str, tuple[float, frozenset[int]]]) -> float:
        """Return what a few parts of a name are worth if no other has them all, or none but what stands beside it."""
        sure = min(mentions[part][0] for part in said)
        if all(part in self.kind_words for part in said):
            return 0.0
        having = {name for name, parts in self.parts.items() if all(part in parts for part in said)}
        if len(having) == 1:
            return 0.85 * sure
        main = [name for name in having & self.workloads if not self.side_parts & set(self.parts[name])]
        return 0.78 * sure if main == [whole] else 0.5 * sure / len(having)

    def _preference(
        self,
        kind: str,
        namespace: str,
        name: str,
        kinds: frozenset[str],
        where: Target | None,
        places: frozenset[int],
    ) -> float:
        score = 0.1 if kind in kinds else -RELUCTANCE.get(kind, 0.0)
        if kind in WORKLOADS and kind not in kinds and kinds & set(WORKLOADS):
            score -= 0.15
        if where is not None and not where.places <= places:
            score += 0.12 if where.name == namespace else -0.35
        parts = parts_of(name)
        score += 0.04 * (parts[-1] in load_vocabulary().main_parts) + 0.03 * (name == namespace)
        return score + 0.05 * self._familiarity(namespace)

    def _familiarity(self, namespace: str) -> float:
        """Return from 0 to 1 how much of what there is, is in a namespace: people name shortest what they use most."""
        counts = Counter(item.namespace for item in self.policy.inventory if item.kind in WORKLOADS)
        return counts[namespace] / max(counts.values(), default=1)

    def _namespaces(
        self, words: Sequence[str], mentions: Mapping[str, tuple[float, frozenset[int]]], kinds: frozenset[str]
    ) -> Iterator[Target]:
        for name in self.policy.namespaces:
            score, places = self._likeness(self.parts[name], mentions)
            near = {word for place in places for word in words[max(0, place - 2) : place + 3]}
            if places and "namespace" not in kinds and not near & PLACE_WORDS:
                score -= 0.1
            if places:
                yield Target("namespace", name, name, _bounded(score + 0.1 * ("namespace" in kinds)), places)

    def _nodes(
        self, words: Sequence[str], mentions: Mapping[str, tuple[float, frozenset[int]]], kinds: frozenset[str]
    ) -> Iterator[Target]:
        numbered = _numbered(words, kinds)
        for order, (name, parts) in enumerate(self.nodes.items()):
            score, places = self._likeness(parts, mentions)
            digits = re.findall(r"\d+", name.partition(".")[0])
            for place, word in enumerate(words):
                if "node" in kinds and ORDINALS.get(word) == order:
                    score, places = max(score, 0.8), places | {place}
                if place in numbered and digits == [numbered[place]]:
                    score, places = max(score, 0.85), places | {place}
            if places:
                yield Target("node", None, name, _bounded(score + 0.05 * ("node" in kinds)), places)

    def _marked(
        self,
        words: Sequence[str],
        targets: Sequence[Target],
    ) -> list[str]:
        """Return the words with signs for names, numbers and durations. A name that is also a plain word stays."""
        plain = load_likeness().words
        named: set[int] = set()
        for target in targets[:6]:
            if target.score > 0.4:
                several = len(target.places) > 1
                named.update(place for place in target.places if several or words[place] not in plain)
        spans = span_in(words)[1]
        numbers = numbers_in(words)
        signs = [
            NAME
            if place in named
            else SPAN
            if place in spans
            else NUMBER
            if place in numbers and word != "one"
            else word
            for place, word in enumerate(words)
        ]
        return [
            sign for place, sign in enumerate(signs) if sign not in (NAME, SPAN) or signs[place - 1 : place] != [sign]
        ]


def parts_of(name: str) -> tuple[str, ...]:
    return tuple(PARTS.split(name))


def _kinds(words: Sequence[str], mentions: Mapping[str, tuple[float, frozenset[int]]]) -> frozenset[str]:
    """Return the kinds of things that the words speak of."""
    known = load_vocabulary().kind_of
    pairs = [f"{one} {other}" for one, other in zip(words, words[1:], strict=False)]
    whole = {place for _, places in mentions.values() if len(places) > 1 for place in places}
    return frozenset(
        known[word] for place, word in [*enumerate(words), *enumerate(pairs)] if word in known and place not in whole
    )


def _where(words: Sequence[str], spaces: Sequence[Target]) -> Target | None:
    """Return the namespace that the text speaks of as a place: `in monitoring`, `the monitoring namespace`."""
    sure = [
        space
        for space in spaces
        if space.score > 0.7
        and (
            any(words[place - 1 : place] and words[place - 1] in PLACE_WORDS for place in space.places)
            or any(word in ("namespace", "ns") for place in space.places for word in words[place + 1 : place + 2])
            or any(words[place - 2 : place] in (["in", "the"], ["from", "the"]) for place in space.places)
        )
    ]
    return max(sure, key=lambda space: (space.score, len(space.places)), default=None)


def _numbered(words: Sequence[str], kinds: frozenset[str]) -> Mapping[int, str]:
    """Return numbers of machines, as in `node 2` or `pi2`, by their place."""
    found = {place: match[1] for place, word in enumerate(words) if (match := NUMBERED.fullmatch(word))}
    if "node" in kinds:
        known = load_vocabulary().kind_of
        found |= {
            place: word
            for place, word in enumerate(words)
            if word.isdigit() and place and known.get(words[place - 1]) == "node"
        }
    return found


def _joined(words: Sequence[str], policy: Policy) -> Iterator[Target]:
    """Yield things whose names are written as one word, as in `homelabworker`."""
    for item in policy.inventory:
        whole = "".join(parts_of(item.name))
        for place, word in enumerate(words):
            if word == whole and word != item.name:
                yield Target(item.kind, item.namespace, item.name, 0.95, frozenset((place,)))


def _bounded(score: float) -> float:
    return max(0.0, min(1.0, score))

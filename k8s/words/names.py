"""Which things of the inventory a text names, and how surely it means each."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from k8s.policy import InventoryItem, Policy
from k8s.words.likeness import NAME, NUMBER, SPAN, load_likeness
from k8s.words.mentions import NOT_MENTIONED, Lexicon, Mentions, parts_of
from k8s.words.values import numbers_in, span_in
from k8s.words.vocabulary import load_vocabulary

WORKLOADS = ("deployment", "statefulset", "daemonset")
THINGS = (*WORKLOADS, "job", "service", "pod")
ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3}
NUMBERED = re.compile(r"(?:node|pi|host|machine|server|worker)(\d{1,3})")
CONFIG_PARTS = frozenset(("config", "configmap", "settings", "conf", "cm", "env"))

# What part of a name that goes without saying weighs if it is not said.
UNSAID = 0.35
# What it is worth if a name is the only one with the parts that are said, or the only one that is no side matter.
ONLY, ONLY_MAIN, ONE_OF_MANY = 0.85, 0.78, 0.5
# What words are worth that are about a place, or are no names at first.
OF_ITS_PLACE, PLAIN_WORDS = 0.35, 0.3
# What a kind loses where nothing in the text says that it is meant.
RELUCTANCE = {"service": 0.15, "configmap": 0.15, "pod": 0.12, "job": 0.06}
KIND_SAID, OTHER_KIND_SAID = 0.1, -0.15
IN_PLACE, OUT_OF_PLACE, PLACE_ITSELF = 0.12, -0.35, -0.25
MAIN_PART, LIKE_ITS_NAMESPACE, FAMILIAR = 0.04, 0.03, 0.05
OUTDONE = 0.2
NOT_SAID_TO_BE_A_NAMESPACE = 0.2
ORDINAL, NUMBER_OF_NODE, NODE_SAID = 0.8, 0.85, 0.05
# What a ConfigMap is worth that is in the namespace of what is named: alone there, or one of several.
CONFIG_OF_NAMESPACE, CONFIG_AMONG_OTHERS = 0.85, 0.6
SURELY_A_PLACE = 0.7
MARKED_TARGETS, LEAST_MARKED = 6, 0.4
SHORTEST_UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Target:
    """Something in the cluster, how surely the text means it (0 to 1), and the places of the words that say so."""

    kind: str
    namespace: str | None
    name: str
    score: float
    places: frozenset[int]


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names. `words` are mended, `marked` has signs for names, numbers and durations in place of words."""

    targets: Sequence[Target]
    kinds: frozenset[str]
    words: Sequence[str]
    marked: Sequence[str]
    unknown: Sequence[str]


class Names:
    """The names of a policy, taken apart."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        # Nodes and namespaces have lists of their own.
        self.items = [item for item in policy.inventory if item.namespace]
        self.parts = {item.name: parts_of(item.name) for item in self.items}
        self.spaces = {name: parts_of(name) for name in policy.namespaces}
        self.nodes = {name: parts_of(name.partition(".")[0]) for name in policy.nodes}
        everything = [*(self.parts | self.spaces).values(), *self.nodes.values()]
        seen = Counter(part for parts in everything for part in set(parts))
        # A part says the more, the fewer names have it.
        self.weights = {part: math.log(1 + len(everything) / count) for part, count in seen.items()}
        self.lexicon = Lexicon(self.weights)
        self.vocabulary = load_vocabulary()
        workloads = [item for item in self.items if item.kind in WORKLOADS]
        self.workloads = {item.name for item in workloads}
        self.sizes = Counter(item.namespace for item in workloads)

    def find(self, given: Sequence[str]) -> Named:
        """Return what the words name, the likeliest first."""
        words, slips = self.lexicon.mended(given)
        mentions = self.lexicon.mentions(words, slips)
        kinds = _kinds(words, mentions, self.vocabulary.kind_of)
        spaces = list(self._namespaces(words, mentions, kinds))
        search = Search(self, mentions, kinds, _where(words, spaces))
        targets = [*spaces, *self._nodes(words, mentions, kinds), *search.items(), *self._in_one_word(words)]
        targets = sorted((_outdone(target, targets) for target in targets), key=lambda target: -target.score)
        known = self.lexicon.known
        unknown = [word for word in words if word not in known and word.isalpha() and len(word) >= SHORTEST_UNKNOWN]
        return Named(targets, kinds, words, _marked(words, targets), unknown)

    def likeness(
        self, parts: Sequence[str], mentions: Mentions, free: frozenset[str] = frozenset()
    ) -> tuple[float, frozenset[int]]:
        """Return how much of a name is said, by the weight of its parts, and where; `free` parts need not be."""
        total = said = 0.0
        places: frozenset[int] = frozenset()
        for part in parts:
            mention = mentions.get(part, NOT_MENTIONED)
            weight = self.weights[part] * (UNSAID if part in free and not mention.sure else 1)
            total += weight
            said += weight * mention.sure
            places |= mention.places
        return said / total, places

    def _namespaces(self, words: Sequence[str], mentions: Mentions, kinds: frozenset[str]) -> Iterator[Target]:
        for name, parts in self.spaces.items():
            score, places = self.likeness(parts, mentions)
            near = {word for place in places for word in words[max(0, place - 2) : place + 3]}
            if "namespace" in kinds:
                score += KIND_SAID
            elif not near & self.vocabulary.signal["place"]:
                score -= NOT_SAID_TO_BE_A_NAMESPACE
            if places:
                yield Target("namespace", name, name, _bounded(score), places)

    def _nodes(self, words: Sequence[str], mentions: Mentions, kinds: frozenset[str]) -> Iterator[Target]:
        numbered = _numbered(words, kinds, self.vocabulary.kind_of)
        for order, (name, parts) in enumerate(self.nodes.items()):
            score, places = self.likeness(parts, mentions)
            digits = re.findall(r"\d+", name.partition(".")[0])
            for place, word in enumerate(words):
                if "node" in kinds and ORDINALS.get(word) == order:
                    score, places = max(score, ORDINAL), places | {place}
                if place in numbered and digits == [numbered[place]]:
                    score, places = max(score, NUMBER_OF_NODE), places | {place}
            if places:
                yield Target("node", None, name, _bounded(score + NODE_SAID * ("node" in kinds)), places)

    def _in_one_word(self, words: Sequence[str]) -> Iterator[Target]:
        """Yield things whose names are written without their dashes, as in `homelabworker`."""
        for item in self.items:
            parts = self.parts[item.name]
            if len(parts) > 1 and "".join(parts) in words:
                place = words.index("".join(parts))
                yield Target(
                    item.kind, item.namespace, item.name, 1 - RELUCTANCE.get(item.kind, 0), frozenset((place,))
                )


@dataclass(frozen=True, slots=True)
class Search:
    """The look for items of the inventory in one text. `where` is the namespace that it speaks of as a place."""

    names: Names
    mentions: Mentions
    kinds: frozenset[str]
    where: Target | None

    def items(self) -> Iterator[Target]:
        """Yield the items that are named, and ConfigMaps of namespaces in which something is."""
        found = [self._target(item) for item in self.names.items]
        best: dict[str | None, float] = {}
        for target in found:
            if target.kind in WORKLOADS and target.places:
                best[target.namespace] = max(target.score, best.get(target.namespace, 0.0))
        several = Counter(target.namespace for target in found if target.kind == "configmap")
        for target in found:
            near = CONFIG_OF_NAMESPACE if several[target.namespace] == 1 else CONFIG_AMONG_OTHERS
            shared = near * best.get(target.namespace, 0.0) if target.kind == "configmap" else 0.0
            if target.places or shared:
                yield replace(target, score=_bounded(max(target.score, shared)))

    def _target(self, item: InventoryItem) -> Target:
        parts = self.names.parts[item.name]
        free = frozenset(parts_of(item.namespace)) | (CONFIG_PARTS if item.kind == "configmap" else frozenset())
        score, places = self.names.likeness(parts, self.mentions, free)
        said = [part for part in parts if part in self.mentions]
        if self._is_only_place(item, said):
            score *= OF_ITS_PLACE
        elif said and self._are_plain(item, said):
            score *= PLAIN_WORDS
        elif said:
            score = max(score, self._if_alone(item.name, said))
        return Target(item.kind, item.namespace, item.name, score + self._preference(item, places), places)

    def _is_only_place(self, item: InventoryItem, said: Sequence[str]) -> bool:
        """Tell whether what is said of a name is just the namespace, and that as a place."""
        in_place = self.where is not None and self.where.name == item.namespace
        return in_place and item.name != item.namespace and set(said) <= set(parts_of(item.namespace))

    def _are_plain(self, item: InventoryItem, said: Sequence[str]) -> bool:
        """Tell whether what is said of a name only says of what kind it is."""
        plain = self.names.vocabulary.plain_kinds
        return (plain | CONFIG_PARTS if item.kind == "configmap" else plain).issuperset(said)

    def _if_alone(self, name: str, said: Sequence[str]) -> float:
        """Return what a few parts of a name are worth if no other has them all, or none but what stands beside it."""
        names = self.names
        sure = min(self.mentions[part].sure for part in said)
        having = {other for other, parts in names.parts.items() if all(part in parts for part in said)}
        if having == {name}:
            return ONLY * sure
        main = {
            other for other in having & names.workloads if not names.vocabulary.side_parts & set(names.parts[other])
        }
        return ONLY_MAIN * sure if main == {name} else ONE_OF_MANY * sure / len(having)

    def _preference(self, item: InventoryItem, places: frozenset[int]) -> float:
        """Return what the kind, the place and the habits of people add, where words alone leave things open."""
        names, where = self.names, self.where
        score = KIND_SAID if item.kind in self.kinds else -RELUCTANCE.get(item.kind, 0.0)
        if item.kind in WORKLOADS and item.kind not in self.kinds and self.kinds & set(WORKLOADS):
            score += OTHER_KIND_SAID
        if where is not None and not where.places <= places:
            score += IN_PLACE if where.name == item.namespace else OUT_OF_PLACE
        elif where is not None and where.places == places and self.kinds & {"namespace", "pod"}:
            score += PLACE_ITSELF
        score += MAIN_PART * (names.parts[item.name][-1] in names.vocabulary.main_parts)
        score += LIKE_ITS_NAMESPACE * (item.name == item.namespace)
        # People name shortest what they deal with most.
        return score + FAMILIAR * names.sizes[item.namespace] / max(names.sizes.values(), default=1)


def _kinds(words: Sequence[str], mentions: Mentions, kind_of: Mapping[str, str]) -> frozenset[str]:
    """Return the kinds of things that the words speak of."""
    joined = {place for mention in mentions.values() if len(mention.places) > 1 for place in mention.places}
    single = [word for place, word in enumerate(words) if place not in joined]
    pairs = [f"{one} {other}" for one, other in pairwise(words)]
    return frozenset(kind_of[word] for word in [*single, *pairs] if word in kind_of)


def _where(words: Sequence[str], spaces: Sequence[Target]) -> Target | None:
    """Return the namespace that the text speaks of as a place: `in monitoring`, `the monitoring namespace`."""
    sure = [space for space in spaces if space.score > SURELY_A_PLACE and _is_place(words, space.places)]
    return max(sure, key=lambda space: (space.score, len(space.places)), default=None)


def _is_place(words: Sequence[str], places: frozenset[int]) -> bool:
    first, last = min(places), max(places)
    before = [word for word in words[max(0, first - 2) : first] if word != "the"][-1:]
    return not load_vocabulary().signal["place"].isdisjoint(before) or words[last + 1 : last + 2] in (
        ["namespace"],
        ["ns"],
    )


def _numbered(words: Sequence[str], kinds: frozenset[str], kind_of: Mapping[str, str]) -> Mapping[int, str]:
    """Return numbers of machines, as in `node 2` or `pi2`, by their place."""
    found = {place: match[1] for place, word in enumerate(words) if (match := NUMBERED.fullmatch(word))}
    if "node" in kinds:
        after = [(place, word) for place, word in enumerate(words) if place and kind_of.get(words[place - 1]) == "node"]
        found |= {place: word for place, word in after if word.isdigit()}
    return found


def _marked(words: Sequence[str], targets: Sequence[Target]) -> list[str]:
    """Return the words with signs for names, numbers and durations. A name that is also a plain word stays."""
    plain = load_likeness().words
    named: set[int] = set()
    for target in targets[:MARKED_TARGETS]:
        if target.score > LEAST_MARKED:
            several = len(target.places) > 1
            named.update(place for place in target.places if several or words[place] not in plain)
    spans, numbers = span_in(words)[1], numbers_in(words)
    # `one` is seldom a number, and a status of HTTP says that something is wrong.
    meaningful = {"one", *load_vocabulary().meaning_of}
    signs = {place: NUMBER for place in numbers if words[place] not in meaningful}
    signs |= dict.fromkeys(spans, SPAN) | dict.fromkeys(named, NAME)
    marked = [signs.get(place, word) for place, word in enumerate(words)]
    # A name of several words is one sign.
    return [
        sign for place, sign in enumerate(marked) if sign not in (NAME, SPAN) or marked[place - 1 : place] != [sign]
    ]


def _outdone(target: Target, targets: Sequence[Target]) -> Target:
    """Return the target, worth less if another one explains its words and more of them."""
    if target.kind in THINGS and any(other.kind in THINGS and target.places < other.places for other in targets):
        return replace(target, score=max(0.0, target.score - OUTDONE))
    return target


def _bounded(score: float) -> float:
    return max(0.0, min(1.0, score))

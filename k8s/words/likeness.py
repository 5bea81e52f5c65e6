"""How much a text is like the ways in which people ask for each intent.

Two views of the same features, added: the log-odds of each feature (naive Bayes), which generalise, and the cosine of
the nearest phrases, which know what belongs together. Features are stems, pairs of neighbours and meanings; a name in
the text is the word `@`, whatever it names.
"""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from k8s.words.text import BREAK, stem, words_of
from k8s.words.vocabulary import load_forbidden, load_phrases, load_vocabulary

NAME = "@"
NUMBER = "#"
SPAN = "~"
IT = {"it": NAME, "that": NAME, "its": NAME, "them": NAME}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
PLACEHOLDERS = {"n": "numberplaceholder", "span": "spanplaceholder"}
SIGNS = {"nameplaceholder": NAME, "numberplaceholder": NUMBER, "spanplaceholder": SPAN}
# Shares of the two views, and weights of the kinds of features.
ODDS_SHARE = 0.4
PAIR_WEIGHT = 0.7
MEANING_WEIGHT = 1.3
SMOOTHING = 0.01
NEAREST = 3
CLAUSE_SHARE, LEAST_CLAUSE = 0.92, 0.45
# What is wrong is the reason for an order in another clause, and no request beside it.
REASONS = ("diagnose",)
UNKNOWN_WEIGHT = 3.0
FORBIDDEN = "not:"


class Likeness:
    """An index of phrases; `scores` compares a text with it."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self.words = {word for group in phrases.values() for phrase in group for word in marked(phrase)}
        self._labels: list[str] = []
        self._having: dict[str, array[int]] = {}
        for label, group in phrases.items():
            for phrase in group:
                for feature in features(marked(phrase)):
                    self._having.setdefault(feature, array("H")).append(len(self._labels))
                self._labels.append(label)
        self._sizes = Counter(self._labels)
        squares = [0.0] * len(self._labels)
        for feature, having in self._having.items():
            for number in having:
                squares[number] += self._weight(feature) ** 2
        self._norms = array("f", (math.sqrt(square) or 1.0 for square in squares))

    def scores(self, words: Sequence[str]) -> dict[str, float]:
        """Return for each label how like its phrases the words are, from about 0 to 1.

        A clause that is an order or a question counts by itself, since what stands beside it is only the reason:
        `grafana is slow, restart it`.
        """
        scores = self._scores(words)
        for clause in clauses(words):
            for label, score in self._scores(clause).items():
                if label not in REASONS and score > LEAST_CLAUSE:
                    scores[label] = max(scores.get(label, 0.0), score * CLAUSE_SHARE)
        return scores

    def _scores(self, words: Sequence[str]) -> dict[str, float]:
        weights = {feature: self._weight(feature) for feature in features(words)}
        near = self._nearness(weights)
        odds = self._odds(weights)
        return {label: (1 - ODDS_SHARE) * near[label] + ODDS_SHARE * math.tanh(odds[label]) for label in near}

    def _weight(self, feature: str) -> float:
        """Return what a feature counts: more, the fewer phrases have it. A pair that no phrase has counts nothing."""
        kind = PAIR_WEIGHT if " " in feature else MEANING_WEIGHT if feature.startswith("=") else 1.0
        if feature in self._having:
            return kind * (math.log(len(self._labels) / len(self._having[feature])) + 1)
        return UNKNOWN_WEIGHT if kind == 1.0 else 0.0

    def _nearness(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return the cosines of the nearest phrases of each label that has any feature in common with the text."""
        norm = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        products: dict[int, float] = defaultdict(float)
        for feature, weight in weights.items():
            for number in self._having.get(feature, ()):
                products[number] += weight**2
        cosines: dict[str, list[float]] = defaultdict(list)
        for number, product in products.items():
            cosines[self._labels[number]].append(product / norm / self._norms[number])
        return {label: _of_nearest(found) for label, found in cosines.items()}

    def _odds(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return for each label the mean log-odds of the features: how much oftener it has them than all phrases do."""
        total = sum(weights.values()) or 1.0
        odds = dict.fromkeys(self._sizes, 0.0)
        for feature, weight in weights.items():
            having = self._having.get(feature)
            if having is None:
                continue
            usual = len(having) / len(self._labels) + SMOOTHING
            counts = Counter(self._labels[number] for number in having)
            for label, size in self._sizes.items():
                odds[label] += math.log((counts[label] / size + SMOOTHING) / usual) * weight / total
        return odds


def marked(phrase: str) -> list[str]:
    """Return the words of a phrase with signs in place of its gaps."""
    filled = PLACEHOLDER.sub(lambda gap: PLACEHOLDERS.get(gap[1], "nameplaceholder"), phrase)
    meanings = load_vocabulary().meaning_of
    return [SIGNS.get(word, NUMBER if word.isdigit() and word not in meanings else word) for word in words_of(filled)]


def clauses(words: Sequence[str]) -> Sequence[Sequence[str]]:
    """Return the clauses of a text that has several, each with a name in it: the one it has, or that it speaks of."""
    found = [list(clause) for is_break, clause in groupby(words, BREAK.__eq__) if not is_break]
    return (
        [[IT.get(word, word) for word in clause] + [NAME] * (NAME not in clause) for clause in found]
        if len(found) > 1
        else []
    )


def features(words: Sequence[str]) -> set[str]:
    """Return stems, pairs of neighbouring stems (`stop sync`), and meanings (`=halt`)."""
    meanings = load_vocabulary().meaning_of
    silent = load_vocabulary().signal["silent"]
    kept = [word for word in words if word not in silent and word != BREAK]
    stems = [stem(word) for word in kept]
    found = {*stems, *(f"{one} {other}" for one, other in zip(["^", *stems], [*stems, "$"], strict=True))}
    found.update(f"={meaning}" for word in stems for meaning in meanings.get(word, ()))
    return found


@lru_cache(maxsize=1)
def load_likeness() -> Likeness:
    """Return the index of all intents, and of what is forbidden under labels that begin with `not:`."""
    forbidden = {f"{FORBIDDEN}{entry.what}": entry.phrases for entry in load_forbidden()}
    return Likeness({**load_phrases(), **forbidden})


def _of_nearest(cosines: list[float]) -> float:
    best = sorted(cosines, reverse=True)[:NEAREST]
    return 0.6 * best[0] + 0.4 * sum(best) / NEAREST if best else 0.0

"""How much a text is like the ways in which people ask for each intent.

Two views of the same features, added: the log-odds of each feature (naive Bayes), which generalise, and the cosine of
the nearest phrases, which know what belongs together. Features are stems, pairs of neighbours and meanings; a name in
the text is the word `@`, whatever it names.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
SMOOTHING = 1.0
NEAREST = 3
CLAUSE_SHARE, LEAST_CLAUSE = 0.92, 0.45
# What is wrong is the reason for an order in another clause, and no request beside it.
REASONS = ("diagnose",)
UNKNOWN_IDF = 3.0
FORBIDDEN = "not:"


class Likeness:
    """An index of phrases; `scores` compares a text with it."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self.words = {word for group in phrases.values() for phrase in group for word in marked(phrase)}
        self._labels: list[str] = []
        bags: list[frozenset[str]] = []
        for label, group in phrases.items():
            for bag in {frozenset(features(marked(phrase))) for phrase in group}:
                self._labels.append(label)
                bags.append(bag)
        seen = Counter(feature for bag in bags for feature in bag)
        self._idf = {feature: math.log(len(bags) / count) + 1 for feature, count in seen.items()}
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, bag in enumerate(bags):
            norm = self._norm(bag)
            for feature in bag:
                self._postings[feature].append((number, self._weight(feature) / norm))
        self._odds = self._log_odds(bags)

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
        bag = features(words)
        norm = self._norm(bag)
        cosines: dict[int, float] = defaultdict(float)
        odds: dict[str, float] = defaultdict(float)
        for feature in bag:
            weight = self._weight(feature)
            for number, share in self._postings.get(feature, ()):
                cosines[number] += share * weight / norm
            for label, value in self._odds.get(feature, {}).items():
                odds[label] += value * weight
        near: dict[str, list[float]] = defaultdict(list)
        for number, cosine in cosines.items():
            near[self._labels[number]].append(cosine)
        weights = sum(self._weight(feature) for feature in bag) or 1
        return {
            label: (1 - ODDS_SHARE) * _of_nearest(near[label]) + ODDS_SHARE * math.tanh(odds[label] / weights)
            for label in {*near, *odds}
        }

    def _weight(self, feature: str) -> float:
        kind = PAIR_WEIGHT if " " in feature else MEANING_WEIGHT if feature.startswith("=") else 1.0
        return kind * self._idf.get(feature, UNKNOWN_IDF if kind == 1.0 else 0.0)

    def _norm(self, bag: Iterable[str]) -> float:
        return math.sqrt(sum(self._weight(feature) ** 2 for feature in bag)) or 1.0

    def _log_odds(self, bags: Sequence[frozenset[str]]) -> Mapping[str, Mapping[str, float]]:
        """Return for each feature and label how much more often the label's phrases have it than all phrases do."""
        sizes = Counter(self._labels)
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for label, bag in zip(self._labels, bags, strict=True):
            for feature in bag:
                counts[feature][label] += 1
        return {
            feature: {
                label: math.log(
                    (by_label[label] / size + SMOOTHING / 100) / (by_label.total() / len(bags) + SMOOTHING / 100)
                )
                for label, size in sizes.items()
            }
            for feature, by_label in counts.items()
        }


def marked(phrase: str) -> list[str]:
    """Return the words of a phrase with signs in place of its gaps."""
    filled = PLACEHOLDER.sub(lambda gap: PLACEHOLDERS.get(gap[1], "nameplaceholder"), phrase)
    return [SIGNS.get(word, NUMBER if word.isdigit() else word) for word in words_of(filled)]


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

"""Which parts of names the words of a text mention, and how surely: as they stand, in the plural, by another name,
by their beginning, or with a slip."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from k8s.words.likeness import load_likeness
from k8s.words.text import mended, stem
from k8s.words.vocabulary import load_vocabulary

SEPARATORS = re.compile(r"[-._]+")
# How sure each way of mentioning a part is.
WHOLE, PLURAL, SAME_STEM, ALIAS, BEGINNING, SLIP = 1.0, 0.97, 0.9, 0.8, 0.88, 0.85
PLAIN_ALIAS = 0.6
SHORTEST_BEGINNING = 4
LONGEST_JOIN = 3
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Mention:
    """How surely a part is mentioned, from 0 to 1, and the places of the words that do."""

    sure: float = 0.0
    places: frozenset[int] = frozenset()


Mentions = Mapping[str, Mention]
NOT_MENTIONED = Mention()


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name: `homelab-api` has `homelab` and `api`."""
    return tuple(SEPARATORS.split(name))


class Lexicon:
    """All words that are known where the given parts of names are: slips are mended to these."""

    def __init__(self, parts: Collection[str]) -> None:
        vocabulary = load_vocabulary()
        self.parts = parts
        self.aliases = vocabulary.aliases
        self._by_stem: dict[str, set[str]] = defaultdict(set)
        for part in parts:
            self._by_stem[stem(part)].add(part)
        self.plain = load_likeness().words
        self._stems = {stem(word) for word in self.plain}
        self.known = vocabulary.words | self.plain | set(parts)

    def mended(self, words: Sequence[str]) -> tuple[list[str], frozenset[int]]:
        """Return the words without slips, and the places of those that had one."""
        joined = {place for start in range(len(words)) for _, places in self._joined(words, start) for place in places}
        right = [word if place in joined else self._right(word) for place, word in enumerate(words)]
        return right, frozenset(place for place, word in enumerate(words) if right[place] != word)

    def _right(self, word: str) -> str:
        if word in self.known or stem(word) in self._stems or stem(word) in self._by_stem:
            return word
        if any(part.startswith(word) for part in self.parts):
            return word
        return mended(word, self.known) or word

    def mentions(self, words: Sequence[str], slips: frozenset[int]) -> Mentions:
        """Return the parts that are mentioned."""
        found: dict[str, Mention] = {}
        for place in range(len(words)):
            for part, sure, length in self._at(words, place):
                places = frozenset(range(place, place + length))
                mention = Mention(sure * (SLIP if places & slips else 1), places)
                if mention.sure > found.get(part, NOT_MENTIONED).sure:
                    found[part] = mention
        return found

    def _joined(self, words: Sequence[str], place: int) -> Iterator[tuple[str, range]]:
        """Yield the parts that are written as several words from a place on: `heat pump`."""
        for end in range(place + 2, min(place + LONGEST_JOIN, len(words)) + 1):
            part = "".join(words[place:end])
            if part in self.parts:
                yield part, range(place, end)

    def _at(self, words: Sequence[str], place: int) -> Iterator[tuple[str, float, int]]:
        """Yield the parts that the word at a place mentions, how surely, and how many words it takes."""
        word = words[place]
        yield from ((part, WHOLE, len(places)) for part, places in self._joined(words, place))
        if word in self.parts:
            yield word, WHOLE, 1
        if word.isascii() and word.isdigit() and len(word) <= LONGEST_NUMBER:
            yield from ((part, WHOLE, 1) for part in self.parts if part.isdigit() and int(part) == int(word))
        if len(word) >= SHORTEST_BEGINNING:
            plural = (part for part in (word.removesuffix("s"), f"{word}s") if part in self.parts)
            yield from ((part, PLURAL, 1) for part in plural)
            yield from ((part, SAME_STEM, 1) for part in self._by_stem.get(stem(word), ()))
            yield from ((part, BEGINNING, 1) for part in self.parts if part.startswith(word))
        other_names = (*self.aliases.get(word, ()), *self.aliases.get(word.removesuffix("s"), ()))
        sure = PLAIN_ALIAS if word in self.plain else ALIAS
        yield from ((part, sure, 1) for part in other_names if part in self.parts)

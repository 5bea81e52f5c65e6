"""What words mean, as `vocabulary.yaml`, `phrases.yaml` and `forbidden.yaml` say."""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec
import yaml

from k8s.words.text import stem

HERE = Path(__file__).parent


class Vocabulary(msgspec.Struct, frozen=True, dict=True, forbid_unknown_fields=True):
    """Words by kind of thing, by meaning, by other name, as numbers and units of time, and by what they do."""

    kinds: dict[str, tuple[str, ...]]
    meanings: dict[str, str]
    aliases: dict[str, tuple[str, ...]]
    main_parts: frozenset[str]
    side_parts: frozenset[str]
    plain: str
    numbers: dict[str, int]
    units: dict[str, tuple[str, ...]]
    signals: dict[str, str]

    @cached_property
    def meaning_of(self) -> Mapping[str, Sequence[str]]:
        """The meanings that a stem has."""
        found: dict[str, list[str]] = {}
        for meaning, words in self.meanings.items():
            for word in dict.fromkeys(stem(word) for word in words.split()):
                found.setdefault(word, []).append(meaning)
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """All words that are here."""
        meaningful = (word for words in self.meanings.values() for word in words.split())
        named = (*self.kind_of, *self.aliases, *self.numbers, *self.unit_of)
        return frozenset((*meaningful, *named, *self.plain.split()))

    @cached_property
    def plain_kinds(self) -> frozenset[str]:
        """Words that say what kind of thing is meant, and are names only together with others."""
        return frozenset((*self.kind_of, *self.meanings["gitops"].split()))

    @cached_property
    def signal(self) -> Mapping[str, frozenset[str]]:
        """Words by what they do in a sentence."""
        return {name: frozenset(words.split()) for name, words in self.signals.items()}

    @cached_property
    def kind_of(self) -> Mapping[str, str]:
        """The kind of thing that a word names."""
        return {word: kind for kind, words in self.kinds.items() for word in words}

    @cached_property
    def unit_of(self) -> Mapping[str, str]:
        """The letter of a unit of time, for all its spellings."""
        return {word: unit for unit, words in self.units.items() for word in words}


class Forbidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is not done: how it is asked for, why it is refused, and what to do instead.

    `only` names the kind of thing that it has to be about.
    """

    what: str
    reason: str
    suggestion: str | None = None
    phrases: tuple[str, ...] = ()
    words: tuple[tuple[str, ...], ...] = ()
    unless: tuple[str, ...] = ()
    only: str | None = None


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    return msgspec.convert(_yaml("vocabulary.yaml"), type=Vocabulary)


@lru_cache(maxsize=1)
def load_phrases() -> Mapping[str, Sequence[str]]:
    """Return how people ask for each intent."""
    texts = msgspec.convert(_yaml("phrases.yaml"), type=dict[str, str])
    return {intent: text.splitlines() for intent, text in texts.items()}


@lru_cache(maxsize=1)
def load_forbidden() -> Sequence[Forbidden]:
    return msgspec.convert(_yaml("forbidden.yaml"), type=tuple[Forbidden, ...])


def _yaml(name: str) -> object:
    return yaml.load((HERE / name).read_bytes(), Loader=yaml.CSafeLoader)

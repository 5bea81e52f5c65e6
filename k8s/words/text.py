"""A text as words: one spelling for what is written in many, and no sign that could be mistaken for an option."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

# What stands after this many characters or words is not looked at.
LONGEST_TEXT = 600
MOST_WORDS = 60
SHORTEST_SLIP = 4
SHORT_FORMS = (
    (re.compile(r"\b(what|how|who|where|that|it|there|why)'s\b"), r"\1 is"),
    (re.compile(r"\b(what|how|who|where|why)s\b"), r"\1 is"),
    (re.compile(r"\bwon'?t\b"), "will not"),
    (re.compile(r"\bcan'?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\b(do|does|did|is|are|has|have|was|should|must|would|could)n'?t\b"), r"\1 not"),
    (re.compile(r"'(?:s|re|m|d|ll|ve)\b"), ""),
)
# The sign for the end of a clause. A dot or a dash within a word is none.
BREAK = "|"
WORD = re.compile(r"[^\W_]+|[,;:!?.](?=\s)|\s-+\s")
ENDINGS = (
    *("iations", "iation", "ations", "ation", "ating", "ated", "ates", "ate"),
    *("ings", "ing", "ied", "ies", "ers", "er", "ed", "es", "s", "e", "y"),
)
SHORTEST_STEM = 3


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; what is joined by dashes or dots is taken apart."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKC", text[:LONGEST_TEXT]) if sign.isprintable() or sign.isspace()
    )
    plain = plain.lower().replace("\u2019", "'").replace("`", "'")
    for pattern, replacement in SHORT_FORMS:
        plain = pattern.sub(replacement, plain)
    found = [word if word[-1].isalnum() else BREAK for word in WORD.findall(plain)[:MOST_WORDS]]
    while found and found[-1] == BREAK:
        found.pop()
    return found


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a word without its ending, so that `crashing` and `crashes` are one."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeious" else word


def mended(word: str, known: Collection[str]) -> str | None:
    """Return the known word that somebody probably meant, or None if none is near enough."""
    if len(word) < SHORTEST_SLIP or word.isdigit():
        return None
    slips = 1 if len(word) < 2 * SHORTEST_SLIP else 2
    found = process.extract(word, known, scorer=OSA.distance, score_cutoff=slips, limit=3)
    near = [
        (slip, candidate[0] != word[0], candidate)
        for candidate, slip, _ in found
        if len(candidate) >= SHORTEST_SLIP - 1
    ]
    return min(near)[2] if near else None

"""The rules of docs/ARCH_REVIEW.md."""

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path("docs/ARCH_REVIEW.md")
HEADING = re.compile(r"^## (?P<number>\d+)\. (?P<title>.+) \((?P<severity>blocks|remark)\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its number, its title, and whether a violation blocks a proposal."""

    number: int
    title: str
    blocks: bool


def read_rules(text: str) -> dict[int, Rule]:
    """Return the rules by their numbers; raises ValueError unless they are numbered from 1 with no gap."""
    found = [Rule(int(match["number"]), match["title"], match["severity"] == "blocks") for match in _headings(text)]
    if not found or [rule.number for rule in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{FILE} has no rules that are numbered from 1 with no gap")
    return {rule.number: rule for rule in found}


def _headings(text: str) -> list[re.Match[str]]:
    headings = list(HEADING.finditer(text))
    if len(headings) != len(re.findall(r"^## ", text, re.MULTILINE)):
        raise ValueError(f"a heading of {FILE} is not like `## 1. Title (blocks)` or `## 1. Title (remark)`")
    return headings

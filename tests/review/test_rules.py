import pytest

from review.rules import Rule, read_rules
from tests.workflows.workflows import ROOT

TEXT = (ROOT / "docs/ARCH_REVIEW.md").read_text()


def test_the_rules_of_the_house_are_read() -> None:
    rules = read_rules(TEXT)
    assert rules[1] == Rule(1, "Nothing is acknowledged before the next holder has it", blocks=True)
    assert {rule.blocks for rule in rules.values()} == {True, False}


def test_each_rule_says_why_and_shows_a_violation() -> None:
    for section in TEXT.split("\n## ")[1:]:
        assert "\nWhy: " in section
        assert "\nViolation: " in section


@pytest.mark.parametrize(
    ("says", "instead"),
    [("## 2. ", "## 3. "), (" (blocks)\n", " (may block)\n"), ("## 1. ", "## "), ("\n## ", "\n### ")],
)
def test_rules_that_are_not_in_order_are_refused(says: str, instead: str) -> None:
    with pytest.raises(ValueError, match=r"ARCH_REVIEW\.md"):
        read_rules(TEXT.replace(says, instead))

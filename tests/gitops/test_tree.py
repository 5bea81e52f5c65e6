"""Every rule on the tree as it is."""

import pytest

from tests.gitops.rules import RULES, Rule
from tests.gitops.tree import Tree


@pytest.mark.parametrize("rule", RULES, ids=[rule.__name__ for rule in RULES])
def test_the_tree_keeps_the_rule(tree: Tree, rule: Rule) -> None:
    assert list(rule(tree)) == []

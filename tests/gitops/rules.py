"""Every rule: a function that takes the tree and says, in sentences, what is wrong with it."""

from collections.abc import Callable, Iterator
from inspect import getmembers, isfunction, signature

from tests.gitops import rules_config, rules_edge, rules_flux, rules_network, rules_pods
from tests.gitops.tree import Tree

Rule = Callable[[Tree], Iterator[str]]


def _shape(tree: Tree) -> Iterator[str]:
    """What a rule looks like from outside."""
    yield from ()


SHAPE = signature(_shape)


def _rules_of(module: object) -> list[Rule]:
    """Return the functions of a module that turn a tree into complaints."""
    return [function for _, function in getmembers(module, isfunction) if signature(function) == SHAPE]


RULES: list[Rule] = [
    rule for module in (rules_config, rules_edge, rules_flux, rules_network, rules_pods) for rule in _rules_of(module)
]


def complaints(tree: Tree) -> list[str]:
    """Return what every rule says."""
    return [f"{rule.__name__}: {complaint}" for rule in RULES for complaint in rule(tree)]

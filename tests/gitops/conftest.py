import pytest

from tests.gitops.tree import ROOT, Tree, needs_kubectl


@pytest.fixture(scope="session")
def tree() -> Tree:
    """The tree of this checkout, rendered once."""
    needs_kubectl()
    made = Tree(ROOT)
    _ = made.rendered
    return made

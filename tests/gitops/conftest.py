import shutil
from pathlib import Path

import pytest

from tests.gitops.tree import ROOT, Tree, needs_kubectl


@pytest.fixture(scope="session")
def tree() -> Tree:
    """The tree of this checkout, rendered once."""
    needs_kubectl()
    made = Tree(ROOT)
    _ = made.rendered
    return made


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, to be broken; whoever breaks it mends it."""
    target = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "gitops", target / "gitops")
    return target

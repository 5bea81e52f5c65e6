import re
import shutil
from pathlib import Path

import pytest
from django.test import Client

import homelab_site.workers.metrics  # noqa: F401 - registers those of the workers
import telemetry.live.metrics  # noqa: F401 - and those of the WebSockets
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


@pytest.fixture
def given_out(client: Client, django_db_setup: None) -> set[str]:
    """The metrics that the web process and the workers give out, by the names of their samples.

    A test that wants them is marked for both databases.
    """
    answer = client.get("/metrics").content.decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)", answer, re.MULTILINE))
    parts = ("_bucket", "_count", "_sum")
    return kinds.keys() | {name + part for name, kind in kinds.items() if kind == "histogram" for part in parts}

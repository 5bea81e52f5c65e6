"""Breaks the tree in one place at a time; a rule, or kustomize itself, has to say so."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.gitops.rules import complaints
from tests.gitops.tree import Tree

MUTATIONS: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("mutations.yaml").read_text())
TOPICS = "gitops/apps/base/redpanda-topics/config/topics.txt"


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=list(MUTATIONS))
def test_a_broken_tree_is_found_out(tree: Tree, copy: Path, mutation: dict[str, str]) -> None:
    path = copy / "gitops" / mutation["file"]
    whole = path.read_text()
    assert mutation["says"] in whole
    path.write_text(whole.replace(mutation["says"], mutation["instead"]))
    try:
        found = complaints(tree.changed(copy, f"gitops/{mutation['file']}"))
    finally:
        path.write_text(whole)
    assert mutation["rule"] in {complaint.partition(":")[0] for complaint in found}, found


def test_a_list_with_a_file_that_is_not_there_does_not_render(tree: Tree, copy: Path) -> None:
    path = copy / TOPICS
    moved = path.rename(path.with_name("topic.txt"))
    try:
        with pytest.raises(subprocess.CalledProcessError):
            _ = tree.changed(copy, TOPICS).rendered
    finally:
        moved.rename(path)

"""Every rule on the workflows as they are, and on workflows that are broken in one place at a time."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.workflows.rules import RULES, Rule
from tests.workflows.workflows import ROOT, Workflows

MUTATIONS: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("mutations.yaml").read_text())


@pytest.mark.parametrize("rule", RULES, ids=[rule.__name__ for rule in RULES])
def test_the_workflows_keep_the_rule(rule: Rule) -> None:
    assert list(rule(Workflows(ROOT))) == []


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=list(MUTATIONS))
def test_a_broken_workflow_is_found_out(tmp_path: Path, mutation: dict[str, str]) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    path = tmp_path / ".github" / mutation["file"]
    assert mutation["says"] in path.read_text()
    path.write_text(path.read_text().replace(mutation["says"], mutation["instead"]))
    assert mutation["rule"] in {rule.__name__ for rule in RULES if list(rule(Workflows(tmp_path)))}


def test_every_rule_has_been_seen_to_find_something() -> None:
    assert {mutation["rule"] for mutation in MUTATIONS.values()} == {rule.__name__ for rule in RULES}

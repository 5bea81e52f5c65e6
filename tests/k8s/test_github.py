"""The real gh against a fake GitHub."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.k8s import fake_github
from tests.k8s.conftest import ask, needs
from tests.k8s.fake_github import FakeGitHub
from tests.k8s.recorder import Recorders


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    needs("gh")
    with fake_github.running() as (server, directory):
        monkeypatch.setenv("GH_CONFIG_DIR", str(directory))
        monkeypatch.setenv("GH_TOKEN", "a-token-of-nobody")
        yield server


@pytest.mark.parametrize(
    ("intent", "resource", "members", "shown"),
    [
        ("gh-run-list", "workflow", {}, "Store rooms"),
        ("gh-run-list", "workflow", {"workflow": "ci.yml", "limit": 3, "repo": "owner/name"}, "Store rooms"),
        ("gh-run-view", "workflow", {"run_id": 123}, "main ci"),
        ("gh-run-watch", "workflow", {"run_id": "123"}, "has already completed with 'success'"),
        ("gh-workflow-view", "workflow", {"workflow": "ci.yml"}, "ci - ci.yml"),
        ("gh-pr-list", "pull-request", {}, "Add rooms"),
        ("gh-pr-view", "pull-request", {"pr_number": 126}, "Add rooms"),
        ("gh-pr-view", "pull-request", {"pr_number": 126, "comments": True}, ""),
    ],
)
def test_each_intent_shows_what_it_says_and_writes_nothing(
    github: FakeGitHub, intent: str, resource: str, members: dict[str, Any], shown: str
) -> None:
    answer = ask(intent, resource, **members)
    assert (answer["status"], answer["result"]["code"]) == ("done", 0), answer
    assert shown in answer["result"]["stdout"]
    for method, path, body in github.seen:
        assert method == "GET" or (path.endswith("/graphql") and "mutation" not in body)


def test_a_run_that_does_not_exist_is_reported_as_such(github: FakeGitHub) -> None:
    answer = ask("gh-run-view", "workflow", run_id=404)
    assert answer["status"] == "failed"
    assert "was not found" in answer["message"]


def test_gh_gets_its_token_and_the_others_do_not(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH_TOKEN", "a-token-of-nobody")
    ask("gh-pr-list", "pull-request")
    ask("flux-status", "kustomization", namespace="flux-system")
    gh, flux = recorders.calls()
    assert gh["environment"]["GH_TOKEN"] == "a-token-of-nobody"
    assert "GH_TOKEN" not in flux["environment"]

"""flux by what it is called with, since it cannot be had as a package."""

from typing import Any

import pytest

from tests.k8s.conftest import ask
from tests.k8s.recorder import Recorders

APPS = {"namespace": "flux-system", "name": "apps"}
GET = ["flux", "get", "kustomization", "apps", "-n", "flux-system"]


@pytest.mark.parametrize(
    ("intent", "members", "argv"),
    [
        ("flux-reconcile", {}, ["reconcile", "kustomization", "apps", "-n", "flux-system", "--timeout=120s"]),
        (
            "flux-reconcile",
            {"withSource": True, "timeout": "1m"},
            ["reconcile", "kustomization", "apps", "-n", "flux-system", "--with-source", "--timeout=60s"],
        ),
        ("flux-suspend", {}, ["suspend", "kustomization", "apps", "-n", "flux-system"]),
        ("flux-resume", {}, ["resume", "kustomization", "apps", "-n", "flux-system", "--timeout=120s"]),
    ],
)
def test_a_change_is_previewed_by_reading_and_runs_when_told_to(
    recorders: Recorders, intent: str, members: dict[str, Any], argv: list[str]
) -> None:
    assert ask(intent, "kustomization", **APPS, **members)["status"] == "planned"
    assert recorders.argvs() == [GET]
    assert ask(intent, "kustomization", **APPS, **members, dry_run=False, confirm=True)["status"] == "done"
    assert recorders.argvs() == [GET, ["flux", *argv]]


def test_the_state_of_one_or_of_all_is_shown(recorders: Recorders) -> None:
    ask("flux-status", "kustomization", **APPS)
    ask("flux-status", "kustomization", namespace="flux-system")
    one, every = recorders.argvs()
    assert one == ["flux", "get", "kustomizations", "apps", "-n", "flux-system"]
    assert every == ["flux", "get", "kustomizations", "-n", "flux-system"]


def test_suspending_needs_a_confirmation(recorders: Recorders) -> None:
    answer = ask("flux-suspend", "kustomization", **APPS, dry_run=False)
    assert (answer["status"], recorders.calls()) == ("awaiting_confirmation", [])


def test_a_program_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUX", "/nowhere/flux")
    answer = ask("flux-status", "kustomization", namespace="flux-system")
    assert (answer["status"], answer["result"]["code"]) == ("failed", 127)
    assert answer["message"] == "flux was not found; put it on PATH, or name it in FLUX."

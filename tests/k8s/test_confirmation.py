import subprocess
import sys
import time
from typing import Any

import pytest

from k8s.confirmation import VALID_SECONDS
from tests.k8s.conftest import ask
from tests.k8s.recorder import Recorders

ZERO: dict[str, Any] = {"namespace": "homelab", "name": "api", "replicas": 0}


def shown() -> str:
    answer = ask("scale", **ZERO, dry_run=False)
    assert answer["status"] == "awaiting_confirmation"
    return str(answer["confirmation"])


def test_what_is_dangerous_waits_for_a_confirmation_and_runs_with_it(recorders: Recorders) -> None:
    confirmation = shown()
    assert recorders.calls() == []
    assert ask("scale", **ZERO, dry_run=False, confirm=confirmation)["status"] == "done"
    assert recorders.argvs()[0] == ["kubectl", "scale", "deployment/api", "--replicas=0", "-n", "homelab"]


def test_a_dry_run_shows_the_confirmation_and_never_takes_it(recorders: Recorders) -> None:
    planned = ask("scale", **ZERO)
    assert planned["status"] == "planned"
    assert ask("scale", **ZERO, confirm=planned["confirmation"])["status"] == "planned"
    assert all("--dry-run=server" in argv for argv in recorders.argvs())


def test_true_stands_for_the_consent_of_a_program(recorders: Recorders) -> None:
    assert ask("scale", **ZERO, dry_run=False, confirm=True)["status"] == "done"


@pytest.mark.parametrize("change", [{"name": "api-admin"}, {"replicas": 1}, {"timeout": 9}])
def test_a_confirmation_is_good_for_its_plan_only(recorders: Recorders, change: dict[str, Any]) -> None:
    answer = ask("scale", **{**ZERO, **change}, dry_run=False, confirm=shown())
    assert (answer["status"], recorders.calls()) == ("refused", [])
    assert "not a confirmation of this plan" in answer["validation"]["reasons"][0]


def test_a_confirmation_is_good_for_ten_minutes(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> None:
    before, confirmation, after = time.time(), shown(), time.time()
    monkeypatch.setattr(time, "time", lambda: after + VALID_SECONDS + 2)
    assert ask("scale", **ZERO, dry_run=False, confirm=confirmation)["status"] == "refused"
    monkeypatch.setattr(time, "time", lambda: before + VALID_SECONDS - 2)
    assert ask("scale", **ZERO, dry_run=False, confirm=confirmation)["status"] == "done"


def test_a_confirmation_of_another_process_counts(recorders: Recorders) -> None:
    call = f"from k8s.tool import k8s_exec; print(k8s_exec({request()!r})['confirmation'])"
    confirmation = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True).stdout
    assert ask("scale", **ZERO, dry_run=False, confirm=confirmation.strip())["status"] == "done"


def request() -> dict[str, Any]:
    return {"intent": "scale", "resource": "deployment", "constraints": {"dryRun": False}, **ZERO}


@pytest.mark.parametrize(
    ("intent", "members"),
    [
        ("scale", ZERO),
        ("drain", {"resource": "node", "name": "p0.local"}),
        ("cordon", {"resource": "node", "name": "p0.local"}),
        ("job-restart", {"resource": "job", "namespace": "homelab", "name": "x"}),
        ("flux-suspend", {"resource": "kustomization", "namespace": "flux-system", "name": "x"}),
    ],
)
def test_each_of_the_dangerous_ones_waits(recorders: Recorders, intent: str, members: dict[str, Any]) -> None:
    assert ask(intent, **members, dry_run=False)["status"] == "awaiting_confirmation"
    assert recorders.calls() == []


def test_what_is_not_dangerous_does_not_wait(recorders: Recorders) -> None:
    assert ask("scale", **{**ZERO, "replicas": 1}, dry_run=False)["status"] == "done"

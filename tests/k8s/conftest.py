"""A policy, an audit log and a cluster of each test's own."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k8s import audit
from k8s.request import INTENTS
from k8s.tool import k8s_exec
from tests.k8s import objects
from tests.k8s.fake_cluster import FakeCluster
from tests.k8s.recorder import Recorders
from tests.lacking import lacks

HOW_TO_GET = {
    "kubectl": "install kubectl 1.20 or newer, for instance with .ci/install-kubectl",
    "gh": "install gh, which Debian has under that name",
}
POLICY: dict[str, Any] = {
    "format": 1,
    "namespaces": {
        "homelab": {"intents": [intent for intent in INTENTS if not intent.startswith(("gh-", "flux-"))]},
        "flux-system": {"intents": [intent for intent in INTENTS if intent.startswith("flux-")]},
        "monitoring": {"intents": ["logs"]},
    },
    "cluster_scoped_intents": {
        "node": ["describe", "diagnose", "top", "status", "events", "cordon", "uncordon", "drain"],
        "namespace": ["describe", "diagnose", "events", "status"],
    },
    "gh_intents": [intent for intent in INTENTS if intent.startswith("gh-")],
    "github_repo": "owner/name",
    "max_replicas": 5,
    "needs_confirmation": ["scale-to-zero", "drain", "cordon", "job-restart", "flux-suspend"],
    "nodes": ["p0.local", "p1.local"],
    "inventory": [
        {"namespace": "homelab", "kind": "deployment", "name": "api"},
        {"namespace": "homelab", "kind": "deployment", "name": "api-admin"},
    ],
}


def needs(program: str) -> None:
    """Skip a test whose program is not there, and say how to get it; in CI it always is, or the test fails."""
    if shutil.which(program) is None:
        lacks(f"{program} is not there: {HOW_TO_GET[program]}")


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the policy, the audit log and a home; no variable of this machine's operator counts."""
    for name in ("KUBECTL", "FLUX", "GH", "KUBECONFIG", "GH_TOKEN", "GITHUB_TOKEN", "GH_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    monkeypatch.setenv("K8S_POLICY_FILE", str(tmp_path / "policy.json"))
    monkeypatch.setenv("K8S_AUDIT_LOG", str(tmp_path / "logs" / "agent.log"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(audit, "listeners", [])
    return tmp_path


@pytest.fixture
def cluster(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    """A cluster with a few things in it, to which the real kubectl leads."""
    needs("kubectl")
    made = FakeCluster(
        [
            *(objects.deployment(), objects.statefulset(), objects.daemonset(), objects.service()),
            *(objects.replicaset(), objects.pod(), objects.node(), objects.namespace(), objects.job()),
        ]
    )
    monkeypatch.setenv("KUBECONFIG", str(made.kubeconfig(workplace / "kubeconfig")))
    with made:
        yield made
        made.shutdown()


@pytest.fixture
def recorders(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Recorders:
    """The three programs as recorders, first on PATH."""
    made = Recorders(workplace / "bin")
    made.add(["kubectl", "flux", "gh"])
    monkeypatch.setenv("PATH", f"{made.directory}{os.pathsep}{os.environ['PATH']}")
    return made


def ask(intent: str, resource: str = "deployment", **members: Any) -> dict[str, Any]:
    """Call the tool. `dry_run` and `confirm` become constraints, and all others members of the request."""
    names = {"dry_run": "dryRun", "confirm": "confirm"}
    constraints = {name: members.pop(given) for given, name in names.items() if given in members}
    return k8s_exec({"intent": intent, "resource": resource, "constraints": constraints, **members})


def audited() -> list[dict[str, Any]]:
    """Return the lines of the audit log."""
    return [json.loads(line) for line in audit.log_path().read_text().splitlines()]

"""The real kubectl against a fake cluster: each intent does what it says, and nothing else."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from k8s import audit
from tests.k8s import objects
from tests.k8s.conftest import ask
from tests.k8s.fake_cluster import FakeCluster
from tests.k8s.recorder import Recorders

API = {"namespace": "homelab", "name": "api"}
DEPLOYMENTS = "/apis/apps/v1/namespaces/homelab/deployments"
NODES = "/api/v1/nodes"
JOBS = "/apis/batch/v1/namespaces/homelab/jobs"

CHANGES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"intent": "restart", **API}, [("patch", f"{DEPLOYMENTS}/api")]),
    ({"intent": "scale", "replicas": 3, **API}, [("patch", f"{DEPLOYMENTS}/api/scale")]),
    ({"intent": "cordon", "resource": "node", "name": "p0.local"}, [("patch", f"{NODES}/p0.local")]),
    (
        {"intent": "drain", "resource": "node", "name": "p0.local"},
        [("patch", f"{NODES}/p0.local"), ("create", "/api/v1/namespaces/homelab/pods/api-1/eviction")],
    ),
    (
        {"intent": "job-restart", "resource": "job", "namespace": "homelab", "name": "migrate"},
        [("delete", f"{JOBS}/migrate"), ("create", JOBS)],
    ),
]
READS: list[dict[str, Any]] = [
    {"intent": "status", **API},
    {"intent": "status", "namespace": "homelab"},
    {"intent": "status", "resource": "statefulset", "namespace": "homelab", "name": "db"},
    {"intent": "status", "resource": "daemonset", "namespace": "homelab", "name": "agent"},
    {"intent": "status", "resource": "pod", "namespace": "homelab", "selector": "app=api"},
    {"intent": "status", "resource": "node"},
    {"intent": "status", "resource": "namespace"},
    {"intent": "describe", **API},
    {"intent": "describe", "resource": "node", "name": "p0.local"},
    {"intent": "describe", "resource": "namespace", "name": "homelab"},
    {"intent": "logs", "resource": "pod", "namespace": "homelab", "name": "api-1", "tail": 2},
    {"intent": "logs", "resource": "pod", "namespace": "homelab", "selector": "app=api"},
    {"intent": "events", **API},
    {"intent": "events", "resource": "namespace", "namespace": "homelab"},
    {"intent": "events", "resource": "node", "name": "p0.local"},
    {"intent": "top", "resource": "pod", "namespace": "homelab"},
    {"intent": "diagnose", **API},
    {"intent": "diagnose", "resource": "pod", "namespace": "homelab", "name": "api-1"},
    {"intent": "diagnose", "resource": "service", "namespace": "homelab", "name": "api"},
    {"intent": "diagnose", "resource": "node", "name": "p0.local"},
    {"intent": "diagnose", "resource": "namespace", "name": "homelab"},
]


def names(request: dict[str, Any]) -> str:
    return f"{request['intent']}-{request.get('resource', 'deployment')}"


@pytest.mark.parametrize(("request_", "writes"), CHANGES, ids=[names(request) for request, _ in CHANGES])
def test_a_change_writes_only_what_it_says_and_only_when_told_to(
    cluster: FakeCluster, request_: dict[str, Any], writes: list[tuple[str, str]]
) -> None:
    planned = ask(**request_)
    assert (planned["status"], cluster.writes()) == ("planned", []), planned
    done = ask(**request_, dry_run=False, confirm=True)
    assert (done["status"], cluster.writes()) == ("done", writes), done


@pytest.mark.parametrize("request_", READS, ids=names)
def test_what_reads_changes_nothing(cluster: FakeCluster, request_: dict[str, Any]) -> None:
    answer = ask(**request_)
    assert (answer["status"], answer["result"]["code"], cluster.writes()) == ("done", 0, []), answer


@pytest.mark.parametrize("request_", [READS[0], CHANGES[0][0]], ids=names)
def test_an_explicit_dry_run_of_what_reads_runs_nothing(cluster: FakeCluster, request_: dict[str, Any]) -> None:
    answer = ask("status", **API, dry_run=True)
    assert (answer["status"], answer["result"], cluster.seen) == ("planned", None, [])


def test_a_dry_run_where_kubectl_can_asks_the_server(cluster: FakeCluster) -> None:
    ask("scale", **API, replicas=3)
    [patch] = [seen for seen in cluster.seen if seen.verb == "patch"]
    assert patch.dry
    assert cluster.get("deployments", "api", "homelab")["spec"]["replicas"] == 2  # type: ignore[index]


def test_uncordoning_lets_pods_onto_a_node_again(cluster: FakeCluster) -> None:
    cluster.add(objects.node(unschedulable=True))
    assert ask("uncordon", "node", name="p0.local", dry_run=False)["status"] == "done"
    assert not cluster.get("nodes", "p0.local")["spec"].get("unschedulable")  # type: ignore[index]


def test_a_job_that_is_run_again_is_the_same_without_what_the_cluster_added(cluster: FakeCluster) -> None:
    ask("job-restart", "job", namespace="homelab", name="migrate", dry_run=False, confirm=True)
    made = cluster.get("jobs", "migrate", "homelab")
    assert made is not None
    assert made["spec"]["backoffLimit"] == 2
    assert "selector" not in made["spec"]
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "migrate"}
    assert "failed" not in made.get("status", {})
    assert not list(audit.log_path().parent.glob("job.*"))


def test_a_job_that_cannot_be_read_is_not_deleted(cluster: FakeCluster) -> None:
    cluster.denied.add(("get", "jobs"))
    answer = ask("job-restart", "job", namespace="homelab", name="migrate", dry_run=False, confirm=True)
    assert (answer["status"], cluster.writes()) == ("failed", [])


def test_a_job_that_cannot_be_made_again_is_kept_where_the_answer_says(cluster: FakeCluster, workplace: Path) -> None:
    cluster.denied.add(("create", "jobs"))
    answer = ask("job-restart", "job", namespace="homelab", name="migrate", dry_run=False, confirm=True)
    kept = workplace / "logs" / "job.homelab.migrate.json"
    assert (answer["status"], str(kept) in answer["message"]) == ("failed", True)
    assert json.loads(kept.read_text())["spec"]["backoffLimit"] == 2
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_nothing_is_deleted_where_what_was_read_is_no_job(recorders: Recorders) -> None:
    for said in ("", "[]", '{"kind": "Status"}'):
        recorders.add(["kubectl"], stdout=said)
        answer = ask("job-restart", "job", namespace="homelab", name="migrate", dry_run=False, confirm=True)
        assert (answer["status"], answer["result"]["code"]) == ("failed", 1)
    assert {argv[1] for argv in recorders.argvs()} == {"get"}


def test_draining_respects_a_disruption_budget(cluster: FakeCluster) -> None:
    cluster.guarded.add("api-1")
    answer = ask("drain", "node", name="p0.local", timeout=2, dry_run=False, confirm=True)
    assert answer["status"] == "failed"
    assert "disruption budget" in answer["message"]
    assert "stays cordoned" in answer["message"]
    assert cluster.get("pods", "api-1", "homelab") is not None


def test_a_rollout_that_does_not_end_is_reported_as_stuck(cluster: FakeCluster) -> None:
    cluster.stuck.add("api")
    answer = ask("restart", **API, timeout=8, dry_run=False)  # kubectl itself has to start in that time
    assert answer["status"] == "timed_out"
    assert "is stuck" in answer["message"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_the_account_may_not_do_is_reported_as_forbidden(cluster: FakeCluster, dry_run: bool) -> None:
    cluster.denied.add(("patch", "deployments"))
    answer = ask("restart", **API, dry_run=dry_run)
    assert answer["status"] == "failed"
    assert "forbidden (403)" in answer["message"]
    assert answer["result"]["code"] == 1
    assert cluster.writes() == [] if dry_run else True


def test_what_does_not_exist_is_reported_as_not_found(cluster: FakeCluster) -> None:
    answer = ask("status", namespace="homelab", name="nothing")
    assert (answer["status"], answer["result"]["code"]) == ("failed", 1)
    assert "was not found" in answer["message"]


def test_describing_takes_no_other_with_the_same_beginning(cluster: FakeCluster) -> None:
    cluster.add(objects.deployment("api-admin"))
    assert ask("describe", namespace="homelab", name="api-ad")["status"] == "failed"


def test_a_server_that_does_not_answer_is_ended_in_time(cluster: FakeCluster) -> None:
    cluster.slow = 8.0
    answer = ask("status", **API, timeout=1)
    assert answer["status"] == "timed_out"
    assert answer["result"]["code"] == 124
    assert answer["result"]["duration"] < cluster.slow

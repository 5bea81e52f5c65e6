"""What a diagnosis says about a cluster in trouble, read with the real kubectl."""

import json
from pathlib import Path
from typing import Any

import pytest

from k8s import diagnosis
from tests.k8s import objects
from tests.k8s.conftest import POLICY, ask
from tests.k8s.fake_cluster import FakeCluster
from tests.k8s.objects import container, event, pod

CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-25T00:00:00Z"}}
KILLED = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-25T00:00:00Z"}}
LOOP = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/2 nodes are available: 2 Insufficient memory.",
}


def diagnosed(cluster: FakeCluster, *things: dict[str, Any]) -> str:
    """Put things into the cluster, with one of two replicas ready, and return what is said about the deployment."""
    for thing in (objects.deployment(ready=1), *things):
        cluster.add(thing)
    answer = ask("diagnose", namespace="homelab", name="api")
    assert answer["status"] == "done", answer
    return str(answer["result"]["stdout"])


def test_a_crash_loop_is_named_with_the_log_from_before_the_restart(cluster: FakeCluster) -> None:
    cluster.logs["api-1"] = ["starting", "KeyError: 'MQTT_URL'"]
    said = diagnosed(cluster, pod(containerStatuses=[container(restarts=7, state=LOOP, lastState=CRASHED)]))
    assert said.startswith(
        "Container api of pod api-1 is in a crash loop: restarted 7 times; it last ended with code 1. "
        "1 of 2 replicas of api are ready.\n"
    )
    assert "before its restart:\n  starting\n  KeyError: 'MQTT_URL'\n" in said
    assert any(seen.query.get("previous") == "true" for seen in cluster.seen)


def test_out_of_memory_is_told_apart_from_other_crashes(cluster: FakeCluster) -> None:
    sick = pod(containerStatuses=[container(restarts=2, state=LOOP, lastState=KILLED)])
    sick["spec"]["containers"][0]["resources"] = {"limits": {"memory": "256Mi"}}
    said = diagnosed(cluster, sick)
    assert "ran out of memory and was killed (restarted twice); its limit is 256Mi." in said


def test_an_image_that_cannot_be_pulled_is_named(cluster: FakeCluster) -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x:1"'}}
    said = diagnosed(cluster, pod(containerStatuses=[container(state=waiting)]))
    assert 'The image x:1 of pod api-1 cannot be pulled: Back-off pulling image "x:1"' in said


def test_a_pod_that_waits_for_memory_says_so(cluster: FakeCluster) -> None:
    said = diagnosed(cluster, pod(phase="Pending", conditions=[UNSCHEDULABLE]))
    assert said.startswith("Pod api-1 is pending for want of memory: 0/2 nodes are available: 2 Insufficient memory.")


def test_a_probe_that_fails_is_quoted(cluster: FakeCluster) -> None:
    unready = pod(containerStatuses=[container(state={"running": {}})])
    said = diagnosed(cluster, unready, event("api-1", "Unhealthy", "Readiness probe failed: HTTP 503"))
    assert "The readiness probe of pod api-1 fails: Readiness probe failed: HTTP 503" in said
    assert "2026-11-25T00:00:00Z pod/api-1 Unhealthy (x3): Readiness probe failed: HTTP 503" in said


def test_a_secret_that_is_missing_is_named(cluster: FakeCluster) -> None:
    waiting = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "db" not found'}}
    said = diagnosed(cluster, pod(containerStatuses=[container(state=waiting)]))
    assert 'Container api of pod api-1 cannot be started: secret "db" not found' in said


@pytest.mark.parametrize("flux_allowed", [True, False])
def test_flux_is_asked_where_it_owns_the_object_and_the_policy_allows(
    cluster: FakeCluster, workplace: Path, flux_allowed: bool
) -> None:
    if not flux_allowed:
        (workplace / "policy.json").write_text(
            json.dumps({**POLICY, "namespaces": {"homelab": POLICY["namespaces"]["homelab"]}})
        )
    owned = objects.deployment(ready=1)
    owned["metadata"]["labels"] = {
        "kustomize.toolkit.fluxcd.io/name": "apps",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    }
    broken = objects.kustomization(ready=False, reason="BuildFailed", message="no such file: rooms.yaml")
    cluster.add(broken)
    said = diagnosed(cluster, owned)
    assert ("Flux is not ready for apps (BuildFailed): no such file: rooms.yaml" in said) == flux_allowed


def test_a_stuck_rollout_and_one_scaled_to_zero_are_told_apart(cluster: FakeCluster) -> None:
    stuck = objects.deployment(ready=1)
    why = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    stuck["status"]["conditions"] = [why]
    assert "The rollout of api is stuck: timed out" in diagnosed(cluster, stuck)
    assert diagnosed(cluster, objects.deployment(replicas=0)).startswith("api is scaled to zero.")


def test_nothing_wrong_is_said_too(cluster: FakeCluster) -> None:
    said = diagnosed(cluster, objects.deployment())
    assert said.startswith("Nothing is wrong with deployment api as far as can be seen.\n")


def test_a_node_says_why_it_is_not_ready(cluster: FakeCluster) -> None:
    sick = objects.node(unschedulable=True)
    sick["status"]["conditions"] = [
        {"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."},
        {"type": "MemoryPressure", "status": "True", "message": "kubelet has insufficient memory"},
    ]
    cluster.add(sick)
    said = ask("diagnose", "node", name="p0.local")["result"]["stdout"]
    assert said.startswith("Node p0.local is not ready: Kubelet stopped posting node status. Node p0.local has Memory")
    assert "Node p0.local is cordoned" in said


def test_what_may_not_be_read_is_evidence_and_not_the_end(cluster: FakeCluster) -> None:
    cluster.denied.add(("list", "events"))
    said = diagnosed(cluster)
    assert "kubectl get event could not be read: Error from server (Forbidden)" in said
    assert said.startswith("1 of 2 replicas of api are ready.")


def test_an_object_that_cannot_be_read_fails_the_diagnosis(cluster: FakeCluster) -> None:
    cluster.denied.add(("get", "deployments"))
    answer = ask("diagnose", namespace="homelab", name="api")
    assert (answer["status"], "forbidden (403)" in answer["message"]) == ("failed", True)


def test_objects_without_what_they_should_have_are_no_trouble() -> None:
    for thing in ({}, {"kind": "Pod", "status": None}, {"spec": {"selector": None}}):
        assert diagnosis.findings_of_pod(thing, [{}]) == []
        assert diagnosis.findings_of_kustomization(thing) == []
        assert diagnosis.pods_of(thing, [{}]) == []

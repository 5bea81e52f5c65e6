"""Objects of a cluster, as its API gives them."""

from typing import Any

NAMESPACE = "homelab"
NODE = "p0.local"
Object = dict[str, Any]


def deployment(name: str = "api", *, replicas: int = 2, ready: int | None = None, kind: str = "Deployment") -> Object:
    count = replicas if ready is None else ready
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), count)
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"{kind}-{name}", "generation": 1},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": name, "image": "x:1"}]},
            },
            "updateStrategy": {"type": "RollingUpdate"},
        },
        "status": {**counts, "observedGeneration": 1},
    }


def daemonset(name: str = "agent") -> Object:
    made = deployment(name, kind="DaemonSet")
    del made["spec"]["replicas"]
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberReady",
        "numberAvailable",
    )
    return {**made, "status": {**dict.fromkeys(counts, 1), "observedGeneration": 1}}


def statefulset(name: str = "db") -> Object:
    return deployment(name, replicas=1, kind="StatefulSet")


def pod(name: str = "api-1", app: str = "api", **status: Any) -> Object:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "rs", "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"pod-{name}",
            "labels": {"app": app},
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": NODE, "containers": [{"name": app, "image": "x:1"}]},
        "status": {"phase": "Running", **status},
    }


def container(name: str = "api", *, restarts: int = 0, ready: bool = False, **state: Any) -> Object:
    return {"name": name, "image": "x:1", "restartCount": restarts, "ready": ready, "state": {}, **state}


def replicaset() -> Object:
    made = deployment("rs", kind="ReplicaSet")
    return {**made, "metadata": {**made["metadata"], "uid": "rs"}}


def node(name: str = NODE, **spec: Any) -> Object:
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is ready"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": name},
        "spec": spec,
        "status": {"conditions": [ready]},
    }


def namespace(name: str = NAMESPACE) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "uid": name},
        "status": {"phase": "Active"},
    }


def job(name: str = "migrate") -> Object:
    """A job as the cluster returns it, with all that the cluster adds."""
    added = {"controller-uid": "u", "batch.kubernetes.io/controller-uid": "u", "job-name": name}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": "u", "resourceVersion": "7", "labels": {"app": name}},
        "spec": {
            "backoffLimit": 2,
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
            "template": {
                "metadata": {"labels": {**added, "app": name}},
                "spec": {"containers": [{"name": "c", "image": "x:1"}], "restartPolicy": "Never"},
            },
        },
        "status": {"failed": 3},
    }


def service(name: str = "api") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"svc-{name}"},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def configmap(**data: str) -> Object:
    metadata = {"name": "config", "namespace": NAMESPACE, "uid": "cm"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def event(about: str, reason: str, message: str, *, kind: str = "Pod", at: str = "2026-11-25T00:00:00Z") -> Object:
    where = "default" if kind == "Node" else NAMESPACE
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about}.{reason.lower()}", "namespace": where, "uid": f"{about}-{reason}"},
        "involvedObject": {"kind": kind, "name": about},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 3,
        "lastTimestamp": at,
    }


def kustomization(
    name: str = "apps", *, ready: bool = True, reason: str = "", message: str = "", **spec: Any
) -> Object:
    condition = {"type": "Ready", "status": str(ready), "reason": reason, "message": message}
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system", "uid": f"ks-{name}"},
        "spec": spec,
        "status": {"conditions": [condition]},
    }

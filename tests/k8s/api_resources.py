"""What the fake API server says it has: enough of discovery for kubectl to find its way."""

from dataclasses import dataclass
from typing import Any

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True, slots=True)
class ApiResource:
    plural: str
    group_version: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()


RESOURCES = (
    ApiResource("pods", "v1", "Pod", short=("po",), subresources=("log", "eviction")),
    ApiResource("services", "v1", "Service", short=("svc",)),
    ApiResource("configmaps", "v1", "ConfigMap", short=("cm",)),
    ApiResource("secrets", "v1", "Secret"),
    ApiResource("events", "v1", "Event", short=("ev",)),
    ApiResource("namespaces", "v1", "Namespace", namespaced=False, short=("ns",)),
    ApiResource("nodes", "v1", "Node", namespaced=False, short=("no",)),
    ApiResource("resourcequotas", "v1", "ResourceQuota"),
    ApiResource("limitranges", "v1", "LimitRange"),
    ApiResource("deployments", "apps/v1", "Deployment", short=("deploy",), subresources=("scale",)),
    ApiResource("statefulsets", "apps/v1", "StatefulSet", short=("sts",), subresources=("scale",)),
    ApiResource("daemonsets", "apps/v1", "DaemonSet", short=("ds",)),
    ApiResource("replicasets", "apps/v1", "ReplicaSet", short=("rs",)),
    ApiResource("jobs", "batch/v1", "Job"),
    ApiResource("leases", "coordination.k8s.io/v1", "Lease"),
    ApiResource("endpointslices", "discovery.k8s.io/v1", "EndpointSlice"),
    ApiResource("horizontalpodautoscalers", "autoscaling/v2", "HorizontalPodAutoscaler", short=("hpa",)),
    ApiResource("poddisruptionbudgets", "policy/v1", "PodDisruptionBudget", short=("pdb",)),
    ApiResource("kustomizations", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", short=("ks",)),
    ApiResource("nodes", "metrics.k8s.io/v1beta1", "NodeMetrics", namespaced=False),
    ApiResource("pods", "metrics.k8s.io/v1beta1", "PodMetrics"),
    ApiResource("selfsubjectaccessreviews", "authorization.k8s.io/v1", "SelfSubjectAccessReview", namespaced=False),
)
BY_PATH = {(resource.group_version, resource.plural): resource for resource in RESOURCES}
BY_KIND = {resource.kind: resource for resource in RESOURCES}
SUBRESOURCE_KINDS = {
    "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
    "eviction": {"group": "policy", "version": "v1", "kind": "Eviction"},
    "log": {"kind": "Pod"},
}


def discovery(path: str) -> dict[str, Any] | None:
    """Return the answer to a path of discovery, or None if it is not one."""
    if path == "/version":
        return {"major": "1", "minor": "32", "gitVersion": "v1.32.4"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        versions = sorted({resource.group_version for resource in RESOURCES} - {"v1"} | {"autoscaling/v1"})
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(version) for version in versions]}
    root, _, group_version = path.strip("/").partition("/")
    if group_version.count("/") > (root == "apis"):
        return None
    listed = [entry for resource in RESOURCES if resource.group_version == group_version for entry in _listed(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _group(group_version: str) -> dict[str, Any]:
    group, version = group_version.split("/")
    about = {"groupVersion": group_version, "version": version}
    return {"name": group, "versions": [about], "preferredVersion": about}


def _listed(resource: ApiResource) -> list[dict[str, Any]]:
    common = {"singularName": resource.kind.lower(), "namespaced": resource.namespaced, "verbs": VERBS}
    own = {**common, "name": resource.plural, "kind": resource.kind, "shortNames": list(resource.short)}
    return [
        own,
        *({**common, "name": f"{resource.plural}/{sub}", **SUBRESOURCE_KINDS[sub]} for sub in resource.subresources),
    ]

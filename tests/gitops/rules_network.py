"""Who may reach whom, judged by the network policies as Kubernetes would."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.gitops.tree import Object, Tree, containers, dig, pod_labels

SITE = ("homelab-api", "homelab-bridge", "homelab-sink", "homelab-stream", "homelab-worker", "homelab-beat")
SETTINGS = ("heatpump-settings-api", "heatpump-settings-outbox")
SERVICES = (
    *(("homelab-db/homelab-db", 5432), ("timescaledb/timescaledb", 5432), ("redpanda/redpanda", 9092)),
    *(("mosquitto/mosquitto", 1883), ("valkey/valkey", 6379)),
)
BACKUPS = tuple(f"{kind}-{name}" for kind in ("backup", "drill") for name in ("telemetry", "homelab", "authentik"))
DATABASES = ("timescaledb/timescaledb", "homelab-db/homelab-db", "authentik/authentik-db")
METRICS = ("homelab-bridge", "homelab-sink", "homelab-stream")

WANTED = {
    *((f"homelab/{name}", *service) for name in SITE for service in SERVICES),
    *((f"heatpump-settings/{name}", *service) for name in SETTINGS for service in SERVICES),
    ("homelab/homelab-migrate", "homelab-db/homelab-db", 5432),
    ("timescaledb/timescaledb-migrations", "timescaledb/timescaledb", 5432),
    *((f"backups/{name}", database, 5432) for name in BACKUPS for database in DATABASES),
    ("redpanda/redpanda-topics", "redpanda/redpanda", 9092),
    ("redpanda/redpanda-topics", "redpanda/redpanda", 9644),
    ("redpanda/redpanda", "redpanda/redpanda", 9092),
    ("authentik/authentik-server", "authentik/authentik-db", 5432),
    ("authentik/authentik-worker", "authentik/authentik-db", 5432),
    ("traefik/traefik", "homelab/homelab-api", 8000),
    ("traefik/traefik", "authentik/authentik-server", 9000),
    ("traefik/traefik", "authentik/oauth2-proxy", 4180),
    ("monitoring/prometheus", "homelab/homelab-api", 8000),
    ("monitoring/prometheus", "redpanda/redpanda", 9644),
    *(("monitoring/prometheus", f"homelab/{name}", 9464) for name in METRICS),
    *(("monitoring/prometheus", f"heatpump-settings/{name}", 9464) for name in SETTINGS),
    ("monitoring/prometheus", "monitoring/alertmanager", 9093),
    ("monitoring/prometheus", "monitoring/blackbox-exporter", 9115),
    ("monitoring/prometheus", "monitoring/kube-state-metrics", 8080),
    ("monitoring/prometheus", "monitoring/node-exporter", 9100),
    ("monitoring/grafana", "monitoring/prometheus", 9090),
    ("monitoring/grafana", "timescaledb/timescaledb", 5432),
}
"""Every edge that something needs: from, to, port."""

KEPT_APART = {
    ("cloudflared/cloudflared", "homelab/homelab-api", 8000),
    ("cloudflared/cloudflared", "timescaledb/timescaledb", 5432),
    ("authentik/authentik-server", "homelab-db/homelab-db", 5432),
    ("authentik/oauth2-proxy", "authentik/authentik-db", 5432),
    ("authentik/oauth2-proxy", "homelab/homelab-api", 8000),
    ("homelab/homelab-bridge", "authentik/authentik-db", 5432),
    ("homelab/homelab-bridge", "homelab/homelab-api", 8000),
    ("backups/backup-homelab", "mosquitto/mosquitto", 1883),
    ("backups/backup-homelab", "redpanda/redpanda", 9092),
    ("monitoring/prometheus", "valkey/valkey", 6379),
    ("monitoring/prometheus", "timescaledb/timescaledb", 5432),
    ("monitoring/grafana", "homelab-db/homelab-db", 5432),
    ("monitoring/grafana", "monitoring/alertmanager", 9093),
    ("monitoring/node-exporter", "monitoring/prometheus", 9090),
    ("traefik/traefik", "homelab-db/homelab-db", 5432),
}


@dataclass(frozen=True)
class Pod:
    namespace: str
    labels: dict[str, str]
    ports: frozenset[int]
    judged: bool
    """Whether the tree has the policies of its namespace."""


def pods(tree: Tree) -> dict[str, Pod]:
    found = {"traefik/traefik": Pod("traefik", {}, frozenset(), judged=False)}
    for thing in tree.workloads:
        namespace = thing["metadata"]["namespace"]
        ports = {port["containerPort"] for container in containers(thing) for port in container.get("ports", ())}
        found[f"{namespace}/{thing['metadata']['name']}"] = Pod(namespace, pod_labels(thing), frozenset(ports), True)
    return found


def every_namespace_denies_first(tree: Tree) -> Iterator[str]:
    with_pods = {pod.namespace for pod in pods(tree).values() if pod.judged}
    for namespace in sorted(with_pods):
        policies = [policy["spec"] for policy in _policies(tree, namespace)]
        if {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} not in policies:
            yield f"{namespace} has no policy that denies everything"
        if not any("kube-dns" in str(policy) for policy in policies):
            yield f"{namespace} cannot ask for names"


def what_is_needed_is_allowed(tree: Tree) -> Iterator[str]:
    there = pods(tree)
    for source, target, port in sorted(WANTED):
        if source not in there or target not in there:
            yield f"{source} or {target} does not exist"
        elif port not in there[target].ports:
            yield f"{target} does not listen on {port}"
        elif not reaches(tree, there[source], there[target], port):
            yield f"{source} cannot reach {target} on {port}"


def what_is_kept_apart_is_refused(tree: Tree) -> Iterator[str]:
    there = pods(tree)
    for source, target, port in sorted(KEPT_APART):
        # The target's own policy has to refuse, whatever the source's says.
        both_there = {source, target} <= there.keys()
        if both_there and _allows(tree, "ingress", "from", there[target], there[source], port):
            yield f"{source} reaches {target} on {port}"


def services_lead_to_pods(tree: Tree) -> Iterator[str]:
    there = pods(tree).values()
    for service in tree.of_kind("Service"):
        namespace, selector = service["metadata"]["namespace"], dig(service, "spec", "selector", default={})
        if not any(pod.namespace == namespace and selector.items() <= pod.labels.items() for pod in there):
            yield f"the Service {namespace}/{service['metadata']['name']} leads to no pod"


def selectors_find_their_own_pods(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment", "StatefulSet"):
        if not dig(thing, "spec", "selector", "matchLabels", default={}).items() <= pod_labels(thing).items():
            yield f"{thing['metadata']['name']} does not select its own pods"


def reaches(tree: Tree, source: Pod, target: Pod, port: int) -> bool:
    """Tell whether both ends allow a connection; an end whose policies are not in the tree does."""
    out = not source.judged or _allows(tree, "egress", "to", source, target, port)
    return out and (not target.judged or _allows(tree, "ingress", "from", target, source, port))


def _allows(tree: Tree, member: str, peers: str, subject: Pod, other: Pod, port: int) -> bool:
    rules = [
        rule
        for policy in _policies(tree, subject.namespace)
        if _selects(policy["spec"]["podSelector"], subject.labels)
        for rule in policy["spec"].get(member, ())
    ]
    return any(
        any(opened.get("port") == port for opened in rule.get("ports", ({"port": port},)))
        and any(_is_peer(peer, subject, other) for peer in rule.get(peers, ({"namespaceSelector": {}},)))
        for rule in rules
    )


def _policies(tree: Tree, namespace: str) -> list[Object]:
    return [policy for policy in tree.of_kind("NetworkPolicy") if policy["metadata"].get("namespace") == namespace]


def _is_peer(peer: Object, subject: Pod, other: Pod) -> bool:
    if "ipBlock" in peer:  # these are the world's or the house's; a pod is found by its labels
        return False
    namespaces = peer.get("namespaceSelector")
    is_there = (
        _selects(namespaces, {"kubernetes.io/metadata.name": other.namespace})
        if namespaces is not None
        else other.namespace == subject.namespace
    )
    return is_there and _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Any, labels: dict[str, str]) -> bool:
    plain = selector.get("matchLabels", {}).items() <= labels.items()
    return plain and all(
        labels.get(expression["key"]) in expression["values"] for expression in selector.get("matchExpressions", ())
    )

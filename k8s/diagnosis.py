"""What is wrong, read from what kubectl says in JSON: sentences for people, and the evidence under them. Pure.

Reasons and conditions are those of Kubernetes (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/)
and of Flux (https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomization-status).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

IMAGE_REASONS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
CONFIG_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
PROBE = re.compile(r"(Liveness|Readiness|Startup) probe failed", re.IGNORECASE)
LONGEST_MESSAGE = 240
SENTENCES = 3
EVIDENCE_EVENTS = 6
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong. The higher its weight, the sooner it is said."""

    weight: int
    sentence: str
    pod: str | None = None
    container: str | None = None
    # Whether the log that tells about it is that of the container before its last restart.
    before_restart: bool = False


def at(thing: Any, path: str, default: Any = None) -> Any:
    """Return what is at a dotted path of nested objects, or the default where there is nothing."""
    for key in path.split("."):
        thing = thing.get(key) if isinstance(thing, Mapping) else None
    return default if thing is None else thing


def name_of(thing: Object) -> str:
    return str(at(thing, "metadata.name", "?"))


def pods_of(thing: Object, pods: Iterable[Object]) -> list[Object]:
    """Return those pods that a workload or a service selects; a namespace has all of them."""
    if thing.get("kind") == "Namespace":
        return list(pods)
    selector = at(thing, "spec.selector", {})
    labels = selector if thing.get("kind") == "Service" else selector.get("matchLabels", {})
    if not labels:
        return []
    return [pod for pod in pods if labels.items() <= at(pod, "metadata.labels", {}).items()]


def findings_of_workload(thing: Object, pods: Sequence[Object]) -> list[Finding]:
    """Return what the object itself says of its state: replicas that are missing, a rollout that is stuck."""
    kind, name = str(thing.get("kind")), name_of(thing)
    if kind == "Namespace":
        return []
    if kind == "Service":
        return [] if pods else [Finding(60, f"No pod matches the selector of service {name}.")]
    wanted = at(thing, "status.desiredNumberScheduled" if kind == "DaemonSet" else "spec.replicas", 1)
    ready = at(thing, "status.numberReady" if kind == "DaemonSet" else "status.readyReplicas", 0)
    found = []
    if wanted == 0:
        found.append(Finding(95, f"{name} is scaled to zero."))
    if at(thing, "spec.paused"):
        found.append(Finding(50, f"The rollout of {name} is paused."))
    for condition in at(thing, "status.conditions", []):
        if condition.get("reason") == "ProgressDeadlineExceeded":
            found.append(Finding(40, f"The rollout of {name} is stuck: {_message(condition)}"))
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            found.append(Finding(85, f"Pods of {name} cannot be made: {_message(condition)}"))
    if ready < wanted:
        found.append(Finding(10, f"{ready} of {wanted} replicas of {name} are ready."))
    return found


def findings_of_pod(pod: Object, events: Iterable[Object]) -> list[Finding]:
    """Return what is wrong with a pod, from its status and the warnings about it."""
    name = name_of(pod)
    found = []
    if at(pod, "status.reason") == "Evicted":
        found.append(Finding(70, f"Pod {name} was evicted: {_short(at(pod, 'status.message', ''))}", name))
    for condition in at(pod, "status.conditions", []):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            found.append(Finding(80, _unschedulable(name, _message(condition)), name))
    for status in (*at(pod, "status.initContainerStatuses", []), *at(pod, "status.containerStatuses", [])):
        found += _findings_of_container(name, pod, status)
    if at(pod, "status.phase") not in ("Succeeded", "Failed"):
        found += _failed_probes(name, pod, events)
    return found


def findings_of_node(node: Object) -> list[Finding]:
    name = name_of(node)
    found = []
    for condition in at(node, "status.conditions", []):
        kind, status = condition.get("type"), condition.get("status")
        if kind == "Ready" and status != "True":
            found.append(Finding(90, f"Node {name} is not ready: {_message(condition)}"))
        if kind in PRESSURES and status == "True":
            found.append(Finding(80, f"Node {name} has {kind}: {_message(condition)}"))
    if at(node, "spec.unschedulable"):
        found.append(Finding(30, f"Node {name} is cordoned: no new pods are put on it."))
    return found


def findings_of_kustomization(kustomization: Object) -> list[Finding]:
    """Return why Flux does not apply what is in Git, if it does not."""
    name = name_of(kustomization)
    found = []
    if at(kustomization, "spec.suspend"):
        found.append(Finding(45, f"Flux is suspended for {name}: changes in Git have no effect."))
    for condition in at(kustomization, "status.conditions", []):
        if condition.get("type") == "Ready" and condition.get("status") == "False":
            reason = condition.get("reason", "no reason given")
            found.append(Finding(75, f"Flux is not ready for {name} ({reason}): {_message(condition)}"))
    return found


def sentences(thing: Object, findings: Iterable[Finding]) -> list[str]:
    """Return at most three sentences, the weightiest first; one that all is well if nothing was found."""
    ordered = sorted(findings, key=lambda finding: -finding.weight)
    said = list(dict.fromkeys(finding.sentence for finding in ordered))
    if not said:
        return [f"Nothing is wrong with {str(thing.get('kind', 'it')).lower()} {name_of(thing)} as far as can be seen."]
    more = len(said) - SENTENCES
    return [*said[:SENTENCES], *([f"{more} more below."] if more > 0 else [])]


def worst(findings: Iterable[Finding]) -> Finding | None:
    """Return the weightiest finding that a log can tell more about."""
    of_pods = [finding for finding in findings if finding.pod and finding.container]
    return max(of_pods, key=lambda finding: finding.weight, default=None)


def events_about(names: Iterable[str], events: Iterable[Object]) -> list[Object]:
    """Return the warnings about some objects, newest last."""
    wanted = set(names)
    about = [event for event in events if at(event, "involvedObject.name") in wanted]
    return sorted(about, key=_when)[-EVIDENCE_EVENTS:]


def evidence_of_pod(pod: Object) -> list[str]:
    lines = [f"pod/{name_of(pod)}: {at(pod, 'status.phase', 'unknown')} on {at(pod, 'spec.nodeName', 'no node')}"]
    for status in (*at(pod, "status.initContainerStatuses", []), *at(pod, "status.containerStatuses", [])):
        line = f"  container {status.get('name')}: {_state(status)}, {status.get('restartCount', 0)} restarts"
        if last := at(status, "lastState.terminated"):
            line += f", last ended with {last.get('exitCode')} ({last.get('reason')}) at {last.get('finishedAt')}"
        lines.append(line)
    return lines


def evidence_of_event(event: Object) -> str:
    kind, name = at(event, "involvedObject.kind", "?"), at(event, "involvedObject.name", "?")
    count = event.get("count") or at(event, "series.count", 1)
    return f"{_when(event)} {str(kind).lower()}/{name} {event.get('reason')} (x{count}): {_message(event)}"


def evidence_of_conditions(thing: Object) -> list[str]:
    return [
        f"{str(thing.get('kind')).lower()}/{name_of(thing)} {condition.get('type')}={condition.get('status')}: "
        f"{condition.get('reason', '')} {_message(condition)}".rstrip()
        for condition in at(thing, "status.conditions", [])
    ]


def _findings_of_container(pod: str, spec: Object, status: Object) -> list[Finding]:
    container, restarts = str(status.get("name")), status.get("restartCount", 0)
    waiting = at(status, "state.waiting.reason")
    ended = at(status, "state.terminated") or at(status, "lastState.terminated") or {}
    where = f"Container {container} of pod {pod}"
    if ended.get("reason") == "OOMKilled":
        limit = _limit_of(spec, container)
        return [
            Finding(
                92,
                f"{where} ran out of memory and was killed (restarted {_times(restarts)}); its limit is {limit}.",
                pod,
                container,
                before_restart=bool(restarts) and "running" not in status.get("state", {}),
            )
        ]
    if waiting == "CrashLoopBackOff":
        code = f"; it last ended with code {ended.get('exitCode')}" if ended else ""
        sentence = f"{where} is in a crash loop: restarted {_times(restarts)}{code}."
        return [Finding(90, sentence, pod, container, before_restart=bool(restarts))]
    if waiting in IMAGE_REASONS:
        why = _short(at(status, "state.waiting.message", waiting))
        return [Finding(88, f"The image {status.get('image', '?')} of pod {pod} cannot be pulled: {why}", pod)]
    if waiting in CONFIG_REASONS:
        return [Finding(86, f"{where} cannot be started: {_short(at(status, 'state.waiting.message', waiting))}", pod)]
    if at(status, "state.terminated.exitCode", 0) != 0:
        return [Finding(65, f"{where} ended with code {ended.get('exitCode')}.", pod, container)]
    return []


def _failed_probes(name: str, pod: Object, events: Iterable[Object]) -> list[Finding]:
    """Probes that failed once and succeed again by now are no finding: the container is ready."""
    unready = [status for status in at(pod, "status.containerStatuses", []) if not status.get("ready")]
    if not unready:
        return []
    container = str(unready[0].get("name"))
    probes = {
        match[1].lower(): event
        for event in sorted(events, key=_when)
        if at(event, "involvedObject.name") == name and (match := PROBE.search(str(event.get("message"))))
    }
    return [
        Finding(55, f"The {probe} probe of pod {name} fails: {_message(event)}", name, container)
        for probe, event in probes.items()
    ]


def _unschedulable(pod: str, why: str) -> str:
    short_of = [what for what in ("memory", "cpu") if f"insufficient {what}" in why.lower()]
    if short_of:
        return f"Pod {pod} is pending for want of {' and '.join(short_of)}: {why}"
    return f"Pod {pod} is pending, because no node takes it: {why}"


def _limit_of(pod: Object, container: str) -> str:
    containers = (*at(pod, "spec.containers", []), *at(pod, "spec.initContainers", []))
    limits = [at(spec, "resources.limits.memory") for spec in containers if spec.get("name") == container]
    return str(limits[0]) if limits and limits[0] else "not set"


def _state(status: Object) -> str:
    state = status.get("state") or {}
    for kind, about in state.items():
        reason = at(about, "reason")
        return f"{kind} ({reason})" if reason else kind
    return "unknown"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _message(thing: Object) -> str:
    return _short(str(thing.get("message") or thing.get("reason") or "no reason given"))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}..."


def _when(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or at(event, "metadata.creationTimestamp", ""))

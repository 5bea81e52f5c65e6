"""Diagnosing: the steps of the plan, those that follow from what they show, and the words for it all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from k8s import diagnosis
from k8s.diagnosis import Finding, Object
from k8s.plan import Plan, Step
from k8s.policy import Policy
from k8s.refusal import RefusedError
from k8s.request import InvalidRequestError, parse_request
from k8s.runner import Outcome, run
from k8s.verbs import check_verb

LOG_LINES = 20
FLUX_NAME = "kustomize.toolkit.fluxcd.io/name"
FLUX_NAMESPACE = "kustomize.toolkit.fluxcd.io/namespace"


@dataclass(slots=True)
class Examination:
    """What has been read, and what was found in it."""

    thing: Object
    pods: Sequence[Object] = ()
    events: Sequence[Object] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)

    def read(self, step: Step) -> Any:
        """Run a step; return its JSON, or None with a line of evidence if that could not be had."""
        outcome = run(step)
        self.outcomes.append(outcome)
        parsed = parsed_json(outcome)
        if parsed is None:
            why = outcome.stderr.strip() or "it took too long, or said nothing of use"
            self.evidence.append(f"{' '.join(step.argv[:3])} could not be read: {why}")
        return parsed

    def text(self) -> str:
        """Return the sentences, and the evidence under them."""
        said = " ".join(diagnosis.sentences(self.thing, self.findings))
        rest = sorted({finding.sentence for finding in self.findings if finding.sentence not in said})
        return "\n".join([said, "", "Evidence:", *rest, *self.evidence, ""])


def examine(plan: Plan, policy: Policy) -> tuple[list[Outcome], str | None]:
    """Diagnose what the plan is about; return all outcomes, and the text unless the object itself cannot be read."""
    first, *others = plan.steps
    outcome = run(first)
    thing = parsed_json(outcome)
    if not isinstance(thing, dict):
        return [outcome], None
    examination = Examination(thing, outcomes=[outcome])
    for step in others:
        items = diagnosis.at(examination.read(step), "items", [])
        if step.argv[2] == "pod":
            examination.pods = diagnosis.pods_of(thing, items)
        else:
            examination.events = items
    if thing.get("kind") == "Pod":
        examination.pods = [thing]
    _look_at_objects(examination)
    _look_at_flux(examination, policy)
    _look_at_log(examination, plan.namespace)
    return examination.outcomes, examination.text()


def parsed_json(outcome: Outcome) -> Any:
    """Return what a step printed, or None if it failed or what it printed is not whole."""
    if outcome.code != 0 or outcome.flooded:
        return None
    try:
        return json.loads(outcome.stdout)
    except ValueError:
        return None


def _look_at_objects(examination: Examination) -> None:
    thing, pods, events = examination.thing, examination.pods, examination.events
    if thing.get("kind") == "Node":
        examination.findings += diagnosis.findings_of_node(thing)
    elif thing.get("kind") != "Pod":
        examination.findings += diagnosis.findings_of_workload(thing, pods)
    examination.evidence += diagnosis.evidence_of_conditions(thing)
    for pod in pods:
        examination.findings += diagnosis.findings_of_pod(pod, events)
        examination.evidence += diagnosis.evidence_of_pod(pod)
    if thing.get("kind") == "Namespace":
        about = sorted(events, key=lambda event: str(event.get("lastTimestamp")))[-diagnosis.EVIDENCE_EVENTS :]
    else:
        names = [diagnosis.name_of(thing), *map(diagnosis.name_of, pods)]
        about = diagnosis.events_about(names, events)
    examination.evidence += map(diagnosis.evidence_of_event, about)


def _look_at_flux(examination: Examination, policy: Policy) -> None:
    """Ask about the kustomization that made the object, where its labels name one and the policy lets us look."""
    labels = diagnosis.at(examination.thing, "metadata.labels", {})
    name, namespace = labels.get(FLUX_NAME), labels.get(FLUX_NAMESPACE)
    try:
        policy.check(
            parse_request({"intent": "flux-status", "resource": "kustomization", "namespace": namespace, "name": name})
        )
    except (InvalidRequestError, RefusedError):
        return
    if name is None:
        return
    kind = "kustomization.kustomize.toolkit.fluxcd.io"
    kustomization = examination.read(_step("kubectl", "get", f"{kind}/{name}", "-n", namespace, "-o", "json"))
    if kustomization is not None:
        examination.findings += diagnosis.findings_of_kustomization(kustomization)
        examination.evidence += diagnosis.evidence_of_conditions(kustomization)


def _look_at_log(examination: Examination, namespace: str | None) -> None:
    """Read the last lines of the log of the container that is worst off, of the time before it restarted."""
    worst = diagnosis.worst(examination.findings)
    if worst is None or worst.pod is None or worst.container is None:
        return
    pod = next(pod for pod in examination.pods if diagnosis.name_of(pod) == worst.pod)
    where = namespace or str(diagnosis.at(pod, "metadata.namespace"))
    previous = ("--previous",) if worst.before_restart else ()
    step = _step(
        *("kubectl", "logs", f"pod/{worst.pod}", "-n", where, "-c", worst.container),
        *(f"--tail={LOG_LINES}", *previous),
    )
    outcome = run(step)
    examination.outcomes.append(outcome)
    title = f"last lines of the log of {worst.container} in pod/{worst.pod}{' before its restart' if previous else ''}:"
    lines = (outcome.stdout if outcome.code == 0 else outcome.stderr).splitlines()
    examination.evidence += [title, *(f"  {line}" for line in lines)]


def _step(*argv: str) -> Step:
    check_verb(argv)
    return Step(argv)

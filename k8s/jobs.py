"""Running a job once more: Kubernetes has no restart of one, so it is deleted and made again as it was."""

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from k8s.plan import Step
from k8s.runner import Outcome, run

# What the cluster adds to a job. It refuses a new one that brings these along.
ADDED_METADATA = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
ADDED_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")


def restart_job(steps: Sequence[Step]) -> list[Outcome]:
    """Read the job, delete it, and make it again; stop where a step fails, and delete nothing that was not read."""
    read, delete, create = steps
    outcomes = [run(read)]
    if outcomes[-1].code != 0:
        return outcomes
    manifest = json.dumps(fresh_job(json.loads(outcomes[-1].stdout)))
    outcomes.append(run(delete))
    if outcomes[-1].code == 0:
        outcomes.append(run(create, manifest))
    return outcomes


def fresh_job(job: dict[str, Any]) -> dict[str, Any]:
    """Return a job as it was before the cluster took it, so that it can be made again."""
    fresh = deepcopy(job)
    fresh.pop("status", None)
    spec, template = fresh["spec"], fresh["spec"]["template"].setdefault("metadata", {})
    if not spec.get("manualSelector"):
        spec.pop("selector", None)
    for name in ADDED_METADATA:
        fresh["metadata"].pop(name, None)
    for labels in (fresh["metadata"].get("labels", {}), template.get("labels", {})):
        for name in ADDED_LABELS:
            labels.pop(name, None)
    return fresh

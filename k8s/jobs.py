"""Running a job once more: Kubernetes has no restart of one, so it is deleted and made again as it was."""

import json
import os
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from k8s.plan import Step
from k8s.runner import Outcome, run

# What the cluster adds to a job. It refuses a new one that brings these along.
ADDED_METADATA = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
ADDED_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")


def restart_job(steps: Sequence[Step], copy: Path) -> tuple[list[Outcome], str]:
    """Read the job, delete it, and make it again; stop where a step fails, and delete nothing that was not read.

    While the job is away it is kept in the file `copy`. The file stays if the job was not made again, and the text that
    is returned beside the outcomes says so.
    """
    read, delete, create = steps
    outcome = run(read)
    if outcome.code != 0:
        return [outcome], ""
    try:
        manifest = json.dumps(fresh_job(json.loads(outcome.stdout)), indent=1)
        _keep(copy, manifest)
    except (ValueError, KeyError, TypeError, AttributeError):
        return [replace(outcome, code=1, stderr="What was read is no job; nothing was deleted.\n")], ""
    except OSError as error:
        why = f"The job cannot be kept in {copy}: {error.strerror}; nothing was deleted.\n"
        return [replace(outcome, code=1, stderr=why)], ""
    outcomes = [outcome, run(delete)]
    if outcomes[-1].code == 0:
        outcomes.append(run(create, manifest))
        if outcomes[-1].code == 0:
            copy.unlink()
            return outcomes, ""
    return outcomes, f"The job is kept in {copy}: if it is gone, kubectl create -f makes it again from that."


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


def _keep(path: Path, manifest: str) -> None:
    """Write the manifest for its owner only, since a container's variables can be secret. It is on the disk then."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(manifest)
        file.flush()
        os.fsync(descriptor)

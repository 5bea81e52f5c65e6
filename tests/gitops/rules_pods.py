"""What must be true of every workload."""

import re
from collections import Counter
from collections.abc import Iterator

from tests.gitops.tree import Object, Tree, containers, dig, identity, pod_spec

UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "M": 10**6, "G": 10**9, "k": 10**3, "": 1}
NODES = {"p0.local": 4 * 2**30, "p1.local": 8 * 2**30}
WITH_ACCOUNT = {"deployment monitoring/kube-state-metrics"}
SPARE = 0.25
"""What the system, k3s, Flux and page caches of a node are left."""


def bytes_of(quantity: object) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|M|G|k|)", str(quantity))
    if not match:
        raise ValueError(f"{quantity!r} is no quantity of memory")
    return float(match[1]) * UNITS[match[2]]


def containers_have_no_privilege(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        for container in containers(thing):
            context = container.get("securityContext", {})
            if (
                context.get("allowPrivilegeEscalation") is not False
                or context.get("readOnlyRootFilesystem") is not True
                or dig(context, "capabilities", "drop") != ["ALL"]
                or dig(context, "capabilities", "add")
                or context.get("privileged")
            ):
                yield f"{identity(thing)}: {container['name']} may do more than it needs"


def pods_run_as_somebody_with_a_number(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        context = pod_spec(thing).get("securityContext", {})
        if (
            context.get("runAsNonRoot") is not True
            or not isinstance(context.get("runAsUser"), int)
            or context["runAsUser"] == 0
            or dig(context, "seccompProfile", "type") != "RuntimeDefault"
        ):
            yield f"{identity(thing)} can run as root, or without a seccomp profile"
        if dig(thing, "spec", "volumeClaimTemplates") and not context.get("fsGroup"):
            yield f"{identity(thing)} keeps data without fsGroup"


def pods_have_no_account_and_share_nothing(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        spec = pod_spec(thing)
        has_account = spec.get("automountServiceAccountToken") is not False
        if has_account != (identity(thing) in WITH_ACCOUNT) or spec.get("enableServiceLinks") is not False:
            yield f"{identity(thing)} has an account's token or the variables of Services"
        if any(spec.get(member) for member in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{identity(thing)} shares something of its node"


def memory_is_asked_for_and_limited(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        for container in containers(thing):
            resources = container.get("resources", {})
            asked, limit = (dig(resources, member, "memory") for member in ("requests", "limits"))
            if not asked or not limit or bytes_of(asked) > bytes_of(limit):
                yield f"{identity(thing)}: {container['name']} asks for {asked} of memory, at most {limit}"
            if not dig(resources, "requests", "cpu") or dig(resources, "limits", "cpu"):
                yield f"{identity(thing)}: {container['name']} asks for no CPU, or has a limit that would throttle it"


def nodes_have_room(tree: Tree) -> Iterator[str]:
    lasting = [thing for thing in tree.workloads if thing["kind"] not in ("Job", "CronJob")]
    nvme = sum(_memory(thing) for thing in lasting if "homelab/disk" in pod_spec(thing).get("nodeSelector", {}))
    whole = sum(_memory(thing) for thing in lasting)
    if nvme > NODES["p1.local"] * (1 - SPARE):
        yield f"what has to be on p1.local asks for {nvme / 2**20:.0f} MiB"
    if whole > sum(NODES.values()) * (1 - SPARE):
        yield f"everything together asks for {whole / 2**20:.0f} MiB"


def _memory(thing: Object) -> float:
    one = sum(bytes_of(dig(container, "resources", "requests", "memory", default=0)) for container in containers(thing))
    copies = len(NODES) if thing["kind"] == "DaemonSet" else dig(thing, "spec", "replicas", default=1)
    return one * float(copies)


def what_is_written_goes_to_a_bounded_place(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        for volume in pod_spec(thing).get("volumes", ()):
            if "emptyDir" in volume and not dig(volume, "emptyDir", "sizeLimit"):
                yield f"{identity(thing)}: {volume['name']} has no limit"
            if "hostPath" in volume:
                yield f"{identity(thing)}: {volume['name']} is a directory of the node"
        volumes = {volume["name"] for volume in pod_spec(thing).get("volumes", ())}
        volumes |= {claim["metadata"]["name"] for claim in dig(thing, "spec", "volumeClaimTemplates", default=())}
        for container in containers(thing):
            for mount in container.get("volumeMounts", ()):
                if mount["name"] not in volumes:
                    yield f"{identity(thing)} mounts {mount['name']}, which is no volume"
                if "subPath" in mount:
                    yield f"{identity(thing)} mounts a part of {mount['name']}, which never changes with it"


def claims_name_the_class_that_keeps(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        for claim in dig(thing, "spec", "volumeClaimTemplates", default=()):
            if dig(claim, "spec", "storageClassName") != "keep":
                yield f"{identity(thing)}: {claim['metadata']['name']} is not of the class keep"


def images_are_exact(tree: Tree) -> Iterator[str]:
    for thing in tree.workloads:
        for container in containers(thing):
            image = str(container.get("image"))
            _, _, tag = image.partition("@")[0].rpartition(":")
            if not re.search(r"\d+\.\d+", tag) or "/" in tag:
                yield f"{identity(thing)}: {image} has no exact version"


def one_build_runs_everywhere(tree: Tree) -> Iterator[str]:
    ours = {
        container["image"]
        for thing in tree.workloads
        for container in containers(thing)
        if container["name"] == "homelab"
    }
    if len(ours) != 1:
        yield f"processes of the site run as {', '.join(sorted(ours))}"


def what_keeps_data_says_for_which_processor(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("StatefulSet"):
        if dig(pod_spec(thing), "nodeSelector", "kubernetes.io/arch") != "arm64":
            yield f"{identity(thing)} does not say for which processor it is"


def lasting_pods_are_probed(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment", "StatefulSet", "DaemonSet"):
        for container in pod_spec(thing)["containers"]:
            start, live = container.get("startupProbe"), container.get("livenessProbe")
            if not start or not live:
                yield f"{identity(thing)}: {container['name']} is not probed"
                continue
            if start.get("periodSeconds", 10) * start.get("failureThreshold", 3) < 150:
                yield f"{identity(thing)}: {container['name']} has too little time to start"
            if "exec" in live and live.get("timeoutSeconds", 1) < 10:
                yield f"{identity(thing)}: {container['name']} has too little time to show that it lives"
            if live == container.get("readinessProbe"):
                yield f"{identity(thing)}: {container['name']} is ended where it should only be left alone"


def the_web_process_lives_without_its_databases(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment"):
        if thing["metadata"]["name"] == "homelab-api":
            probes = {
                kind: dig(container, f"{kind}Probe", "httpGet", "path")
                for container in containers(thing)
                for kind in ("liveness", "readiness")
            }
            if probes != {"liveness": "/health/live", "readiness": "/health/ready"}:
                yield f"{identity(thing)} is probed at {probes}"


def updates_suit_what_is_updated(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment"):
        name, strategy = thing["metadata"]["name"], dig(thing, "spec", "strategy", default={})
        if "persistentVolumeClaim" in str(pod_spec(thing)):
            yield f"{identity(thing)} keeps data and is no StatefulSet"
        is_worker = dig(thing, "metadata", "labels", "app.kubernetes.io/component") == "worker"
        if is_worker and strategy.get("type") != "Recreate":
            yield f"{identity(thing)} would run twice for a moment"
        if name == "homelab-api" and dig(strategy, "rollingUpdate", "maxUnavailable") != 0:
            yield f"{identity(thing)} would be away for a moment"
        if name in ("homelab-bridge", "homelab-beat") and thing["spec"]["replicas"] != 1:
            yield f"{identity(thing)} has to be one"


def everything_has_time_to_end(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment", "StatefulSet"):
        if pod_spec(thing).get("terminationGracePeriodSeconds", 0) < 10:
            yield f"{identity(thing)} has too little time to end"


def processes_of_the_site_get_signals(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment"):
        for container in containers(thing):
            if container["name"] == "homelab" and container.get("command", ["daphne"])[0] in ("sh", "bash"):
                yield f"{identity(thing)} has a shell between it and its signals"


def budgets_let_nodes_be_drained(tree: Tree) -> Iterator[str]:
    workloads = list(tree.of_kind("Deployment", "StatefulSet"))
    for thing in tree.of_kind("PodDisruptionBudget"):
        wanted = dig(thing, "spec", "selector", "matchLabels")
        matched = [one for one in workloads if dig(one, "spec", "selector", "matchLabels") == wanted]
        if not matched or matched[0]["spec"]["replicas"] < 2 or dig(thing, "spec", "maxUnavailable") in (0, "0%"):
            yield f"{identity(thing)} keeps a node from being drained"


def jobs_end_and_run_again(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Job"):
        spec, notes = thing["spec"], dig(thing, "metadata", "annotations", default={})
        if notes.get("kustomize.toolkit.fluxcd.io/force", "").lower() != "enabled":
            yield f"{identity(thing)} cannot be changed"
        if "ttlSecondsAfterFinished" in spec:
            yield f"{identity(thing)} would run at every reconciliation"
        if "backoffLimit" not in spec or "activeDeadlineSeconds" not in spec:
            yield f"{identity(thing)} does not end"
        if pod_spec(thing).get("restartPolicy") != "Never":
            yield f"{identity(thing)} does not keep what a failed try wrote"


def cron_jobs_take_turns_and_end(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("CronJob"):
        spec, job = thing["spec"], dig(thing, "spec", "jobTemplate", "spec")
        if spec.get("timeZone") != "Etc/UTC":
            yield f"{identity(thing)} is left out, or runs twice, in the night in which the clocks change"
        if spec.get("concurrencyPolicy") != "Forbid":
            yield f"{identity(thing)} would run beside itself"
        if spec.get("startingDeadlineSeconds", 0) < 3600:
            yield f"{identity(thing)} is left out when its node is away for a moment"
        if not {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} <= spec.keys():
            yield f"{identity(thing)} does not say how many of its jobs are kept"
        if not {"backoffLimit", "activeDeadlineSeconds"} <= job.keys():
            yield f"{identity(thing)} does not end"
        if pod_spec(thing).get("restartPolicy") != "Never":
            yield f"{identity(thing)} does not keep what a failed try wrote"
    for schedule, times in Counter(thing["spec"]["schedule"] for thing in tree.of_kind("CronJob")).items():
        if times > 1:
            yield f"{times} start together at {schedule}"


def redpanda_fits_a_pi_and_writes_to_disk(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("StatefulSet"):
        if thing["metadata"]["name"] != "redpanda":
            continue
        args = containers(thing)[0]["args"]
        memory = next((arg.partition("=")[2] for arg in args if arg.startswith("--memory=")), "0")
        limit = bytes_of(dig(containers(thing)[0], "resources", "limits", "memory"))
        if not 0 < bytes_of(memory) <= 0.9 * limit:
            yield f"redpanda takes {memory} of {limit / 2**20:.0f} MiB"
        for wanted in ("--smp=1", "--overprovisioned", "--set=redpanda.auto_create_topics_enabled=false"):
            if wanted not in args:
                yield f"redpanda starts without {wanted}"
        if any("dev-container" in arg or "unsafe-bypass-fsync" in arg for arg in args):
            yield "redpanda acknowledges what is not on disk"

"""What must be true of Flux's Kustomizations and of the files that they lead to."""

import re
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.gitops.tree import Tree, dig, identity, parse

DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?")
NOT_KUSTOMIZED = {".yamllint.yaml", "secrets.inventory.yaml", "README.md"}


def every_path_is_there(tree: Tree) -> Iterator[str]:
    for name in tree.flux:
        if tree.path_of(name) not in tree.rendered:
            yield f"{name} leads to {tree.path_of(name)}, which is no kustomization"


def nothing_is_owned_twice(tree: Tree) -> Iterator[str]:
    for what, times in Counter(identity(thing) for _, thing in tree.owned).items():
        if times > 1:
            yield f"{what} is owned {times} times"


def dependencies_exist_and_end(tree: Tree) -> Iterator[str]:
    graph = {
        name: [dependency["name"] for dependency in flux["spec"].get("dependsOn", ())]
        for name, flux in tree.flux.items()
    }
    for name, dependencies in graph.items():
        for dependency in dependencies:
            if dependency not in graph:
                yield f"{name} depends on {dependency}, which does not exist"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"a cycle: {error.args[1]}"


def kustomizations_wait_and_try_again(tree: Tree) -> Iterator[str]:
    for name, flux in tree.flux.items():
        spec = flux["spec"]
        for member in ("interval", "retryInterval", "timeout"):
            text = spec.get(member)
            if not text or not DURATION.fullmatch(str(text)):
                yield f"{name}: {member} is {text!r}"
        if spec.get("wait") is not True or spec.get("prune") is not True:
            yield f"{name} does not wait, or does not prune"


def what_keeps_data_is_never_pruned(tree: Tree) -> Iterator[str]:
    for name, thing in tree.owned:
        keeps = thing["kind"] == "PersistentVolumeClaim" or dig(thing, "spec", "volumeClaimTemplates")
        if keeps and tree.flux[name]["spec"].get("deletionPolicy") != "Orphan":
            yield f"{name} keeps data, and would delete it together with itself"


def sealed_secrets_are_waited_for(tree: Tree) -> Iterator[str]:
    for name, flux in tree.flux.items():
        parts = tree.parts(tree.path_of(name)) if tree.path_of(name) in tree.rendered else set()
        checks = [check["kind"] for check in flux["spec"].get("healthCheckExprs", ())]
        if any(part.endswith("/sealed") for part in parts) and "SealedSecret" not in checks:
            yield f"{name} has sealed secrets and does not wait until they are open"


def namespaces_come_first(tree: Tree) -> Iterator[str]:
    """What is in a namespace comes with it, or after the Kustomization that owns it."""
    owners = {thing["metadata"]["name"]: name for name, thing in tree.owned if thing["kind"] == "Namespace"}
    for name, thing in tree.owned:
        namespace = dig(thing, "metadata", "namespace")
        owner = owners.get(namespace)
        if owner and owner != name and owner not in _all_before(tree, name):
            yield f"{name} has {identity(thing)}, but does not come after {owner}"
        if not owner and namespace not in (None, "flux-system", "default"):
            yield f"nobody owns the namespace of {identity(thing)}"


def _all_before(tree: Tree, name: str) -> set[str]:
    direct = {dependency["name"] for dependency in tree.flux[name]["spec"].get("dependsOn", ())} & tree.flux.keys()
    return direct.union(*(_all_before(tree, dependency) for dependency in direct - {name}))


def no_file_is_left_out(tree: Tree) -> Iterator[str]:
    """Every YAML file is named by the kustomization beside it, every directory is part of something."""
    used: set[str] = set()
    for path in tree.kustomizations:
        used |= tree.parts(path)
    for directory in sorted({file.parent for file in (tree.root / "gitops").rglob("*.yaml")}):
        listing = directory / "kustomization.yaml"
        if not listing.exists():
            continue
        mentioned = str(parse(listing.read_text()))
        for file in directory.glob("*.yaml"):
            if file.name not in mentioned and file != listing:
                yield f"{file.relative_to(tree.root)} is not named by its kustomization"
        if "components" in directory.parts and str(directory.relative_to(tree.root)) not in used:
            yield f"nothing uses {directory.relative_to(tree.root)}"


def no_directory_is_left_out(tree: Tree) -> Iterator[str]:
    roots = [tree.path_of(name) for name in tree.flux] + [path for path in tree.kustomizations if "/local/" in path]
    reached: set[str] = {"gitops/clusters/homelab"}
    for path in roots:
        reached |= tree.parts(path) if path in tree.rendered else set()
    for path in tree.kustomizations:
        if path not in reached:
            yield f"nothing leads to {path}"


def namespaces_are_restricted_and_stay(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Namespace"):
        labels, notes = (dig(thing, "metadata", member, default={}) for member in ("labels", "annotations"))
        if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{identity(thing)} lets pods do more than they need"
        if notes.get("kustomize.toolkit.fluxcd.io/prune") != "disabled":
            yield f"{identity(thing)} would be pruned with all that is in it"


def generated_lists_are_their_directories(tree: Tree) -> Iterator[str]:
    for path in tree.kustomizations:
        directory = tree.root / path
        content = parse((directory / "kustomization.yaml").read_text())
        files = [Path(file) for made in content.get("configMapGenerator", ()) for file in made.get("files", ())]
        for parent in {file.parent for file in files}:
            suffixes = {file.suffix for file in files if file.parent == parent}
            there = {file for file in (directory / parent).iterdir() if file.is_file() and file.suffix in suffixes}
            left_out = {file.name for file in there} - {file.name for file in files}
            if left_out - {"job.yaml", "kustomization.yaml"}:
                yield f"{path} leaves out {', '.join(sorted(left_out))}"


def charts_are_pinned(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("HelmRelease"):
        if not re.fullmatch(r"\d+\.\d+\.\d+", str(dig(thing, "spec", "chart", "spec", "version"))):
            yield f"{identity(thing)} has no exact version"


def charts_run_pods_that_their_namespace_takes(tree: Tree) -> Iterator[str]:
    """What `restricted` asks for and the chart of sealed-secrets does not say itself; that of Traefik says all."""
    wanted = (
        (("podSecurityContext", "seccompProfile", "type"), "RuntimeDefault"),
        (("containerSecurityContext", "allowPrivilegeEscalation"), False),
    )
    for thing in tree.of_kind("HelmRelease"):
        if thing["metadata"]["name"] == "sealed-secrets":
            for path, value in wanted:
                if dig(thing, "spec", "values", *path) != value:
                    yield f"{identity(thing)} is refused by its namespace without {'.'.join(path)}"

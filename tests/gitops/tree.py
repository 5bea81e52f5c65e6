"""The tree in `gitops/`, rendered: what Flux would apply, and which of its Kustomizations owns it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.lacking import lacks

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = "gitops/clusters/homelab"
POD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")

OLDEST_KUBECTL = 27
"""The second number of the oldest version that renders the tree."""

Object = dict[str, Any]


def needs_kubectl() -> None:
    """Skip a test where there is no kubectl that is new enough; in CI there is one, or the test fails."""
    if _minor_version() < OLDEST_KUBECTL:
        lacks(
            f"there is no kubectl 1.{OLDEST_KUBECTL} or newer: install kubernetes-client of Debian 13 or newer, or run "
            ".ci/install-kubectl as root on Linux with x86-64 (kubectl 1.20, of Debian 12, cannot render the tree)"
        )


def _minor_version() -> int:
    """Return the second number of kubectl's version, 0 if there is none."""
    if shutil.which("kubectl") is None:
        return 0
    argv = ["kubectl", "version", "--client", "--output=json"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
    return int(json.loads(said)["clientVersion"]["minor"].rstrip("+"))


def render(directory: Path) -> str:
    """Return what kustomize makes of a directory; raises CalledProcessError with its complaint."""
    argv = ["kubectl", "kustomize", str(directory)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


@lru_cache(maxsize=512)
def parse(text: str) -> Any:
    """Return what a YAML file of one document says. Nobody changes what it returns."""
    return yaml.load(text, yaml.CSafeLoader)


def dig(thing: Any, *path: str, default: Any = None) -> Any:
    """Return what a path of members leads to in nested objects, or the default."""
    for member in path:
        thing = thing.get(member) if isinstance(thing, dict) else None
    return default if thing is None else thing


def identity(thing: Object) -> str:
    """Return what tells an object from every other one: kind, namespace and name."""
    namespace = dig(thing, "metadata", "namespace", default="-")
    return f"{thing['kind'].lower()} {namespace}/{thing['metadata']['name']}"


def pod_spec(thing: Object) -> Object:
    """Return the pod that a workload makes; empty for other kinds."""
    if thing["kind"] == "CronJob":
        thing = dig(thing, "spec", "jobTemplate", default={})
    spec: Object = dig(thing, "spec", "template", "spec", default={})
    return spec


def containers(thing: Object) -> list[Object]:
    spec = pod_spec(thing)
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]


def pod_labels(thing: Object) -> dict[str, str]:
    template = dig(thing, "spec", "jobTemplate", default=thing) if thing["kind"] == "CronJob" else thing
    labels: dict[str, str] = dig(template, "spec", "template", "metadata", "labels", default={})
    return labels


@dataclass
class Tree:
    """A checkout's tree. What was rendered once is remembered, so a copy renders only what a change touches."""

    root: Path
    cache: dict[str, list[Object]] = field(default_factory=dict)

    @cached_property
    def kustomizations(self) -> list[str]:
        """Every directory with a kustomization file, but for components, relative to the root."""
        found = sorted(path.parent for path in (self.root / "gitops").rglob("kustomization.yaml"))
        return [str(path.relative_to(self.root)) for path in found if "components" not in path.parts]

    @cached_property
    def rendered(self) -> dict[str, list[Object]]:
        """The objects of every kustomization."""
        missing = [path for path in self.kustomizations if path not in self.cache]
        with ThreadPoolExecutor(4) as pool:
            texts = pool.map(lambda path: render(self.root / path), missing)
            for path, text in zip(missing, texts, strict=True):
                self.cache[path] = [thing for thing in yaml.load_all(text, yaml.CSafeLoader) if thing]
        return {path: self.cache[path] for path in self.kustomizations}

    @cached_property
    def flux(self) -> dict[str, Object]:
        """Flux's Kustomizations by name."""
        return {thing["metadata"]["name"]: thing for thing in self.rendered[CLUSTER]}

    def path_of(self, name: str) -> str:
        return str(Path(self.flux[name]["spec"]["path"]))

    @cached_property
    def owned(self) -> list[tuple[str, Object]]:
        """Every object of the cluster with the name of the Kustomization that owns it."""
        return [(name, thing) for name in self.flux for thing in self.rendered.get(self.path_of(name), ())]

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        return (thing for _, thing in self.owned if thing["kind"] in kinds)

    @property
    def workloads(self) -> Iterator[Object]:
        return self.of_kind(*POD_KINDS)

    def parts(self, path: str) -> set[str]:
        """Return the directories, and files outside of them, that a kustomization is made of."""
        content = parse((self.root / path / "kustomization.yaml").read_text())
        found = {path}
        for part in (*content.get("resources", ()), *content.get("components", ())):
            full = os.path.normpath(Path(path) / part)
            found |= self.parts(full) if (self.root / full).is_dir() else set()
        return found

    def changed(self, root: Path, file: str) -> "Tree":
        """Return the tree of a copy in which one file differs."""
        kept = {path: things for path, things in self.cache.items() if not self._depends(path, file)}
        return Tree(root, kept)

    def _depends(self, path: str, file: str) -> bool:
        return any(Path(part) in Path(file).parents for part in self.parts(path))

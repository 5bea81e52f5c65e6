"""What may be done, where, and what needs a confirmation: one YAML or JSON file."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from k8s.refusal import RefusedError, nearest
from k8s.request import INTENTS, LABEL, Request

DEFAULT_POLICY = Path(__file__).with_name("policy.yaml")
LARGEST_BYTES = 1_000_000
OWNERS = ("deployment", "statefulset", "daemonset")
SCALE_TO_ZERO = "scale-to-zero"

Label = Annotated[str, msgspec.Meta(pattern=rf"\A{LABEL}\Z")]
Name = Annotated[str, msgspec.Meta(pattern=rf"\A{LABEL}(\.{LABEL})*\Z", max_length=253)]


class PolicyError(Exception):
    """The policy is missing or wrong, so nothing is allowed; the text says what is wrong with it."""


class NamespaceRules(msgspec.Struct, frozen=True):
    """What may be done in a namespace, reading included."""

    intents: frozenset[str]


class InventoryItem(msgspec.Struct, frozen=True):
    """Something that exists in the cluster, for finding names. What is in no namespace counts as not listed."""

    kind: str
    name: Name
    namespace: Annotated[str, msgspec.Meta(pattern=rf"\A({LABEL})?\Z")] = ""


class Policy(msgspec.Struct, frozen=True):
    """The policy file, format 1. Members that are not listed here are ignored."""

    format: Literal[1]
    namespaces: dict[Label, NamespaceRules]
    cluster_scoped_intents: dict[str, frozenset[str]] = {}
    gh_intents: frozenset[str] = frozenset()
    github_repo: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*\Z")] | None = None
    max_replicas: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 10
    # A file that leaves the list out means that it did not think about it, not that nothing is dangerous.
    needs_confirmation: frozenset[str] = frozenset((SCALE_TO_ZERO, "drain", "cordon", "job-restart", "flux-suspend"))
    nodes: tuple[Name, ...] = ()
    inventory: tuple[InventoryItem, ...] = ()

    def __post_init__(self) -> None:
        """Refuse intents that do not exist: one that is misspelt would need no confirmation."""
        lists = [rules.intents for rules in self.namespaces.values()]
        for intents in (*lists, *self.cluster_scoped_intents.values(), self.gh_intents):
            _check_known(intents, INTENTS)
        _check_known(self.needs_confirmation, (SCALE_TO_ZERO, *INTENTS))

    def check(self, request: Request) -> None:
        """Raise RefusedError unless the request may be made; it names the nearest that may."""
        if request.intent.startswith("gh-"):
            self._check_github(request)
        elif request.resource in ("node", "namespace"):
            self._check_cluster_scoped(request)
        else:
            self._check_namespaced(request)
        if request.replicas is not None and request.replicas > self.max_replicas:
            raise RefusedError(f"replicas: the policy allows at most {self.max_replicas}.")

    def confirms(self, request: Request) -> bool:
        """Tell whether the request needs a confirmation."""
        to_zero = request.intent == "scale" and request.replicas == 0
        return request.intent in self.needs_confirmation or (to_zero and SCALE_TO_ZERO in self.needs_confirmation)

    def owner_of(self, namespace: str | None, pod: str) -> InventoryItem | None:
        """Return what probably made a pod: its name starts with its owner's."""
        owners = [
            item
            for item in self.inventory
            if item.namespace == namespace and item.kind in OWNERS and pod.startswith(f"{item.name}-")
        ]
        return max(owners, key=lambda item: len(item.name), default=None)

    def _check_github(self, request: Request) -> None:
        if self.github_repo is None:
            raise RefusedError("repo: the policy names no repository.")
        if request.repo not in (None, self.github_repo):
            raise RefusedError(f"repo: only {self.github_repo} is allowed.")
        if request.intent not in self.gh_intents:
            raise RefusedError(f"intent: {_not_among(request.intent, 'on GitHub', self.gh_intents)}")

    def _check_cluster_scoped(self, request: Request) -> None:
        allowed = self.cluster_scoped_intents.get(request.resource, frozenset())
        if request.intent not in allowed:
            raise RefusedError(f"intent: {_not_among(request.intent, f'with a {request.resource}', allowed)}")
        known = self.nodes if request.resource == "node" else self.namespaces
        if request.name is not None and request.name not in known:
            raise RefusedError(f"name: no {request.resource} of the policy; {nearest(request.name, known)}")

    def _check_namespaced(self, request: Request) -> None:
        if request.namespace is None:
            raise RefusedError("namespace: missing; none is taken for granted.")
        rules = self.namespaces.get(request.namespace)
        if rules is None:
            raise RefusedError(
                f"namespace: {request.namespace} is unknown and so forbidden; "
                f"{nearest(request.namespace, self.namespaces)}"
            )
        if request.intent not in rules.intents:
            raise RefusedError(f"intent: {_not_among(request.intent, f'in {request.namespace}', rules.intents)}")


def load_policy(path: Path | None = None) -> Policy:
    """Return the policy of a file: the given one, that of `K8S_POLICY_FILE`, or the app's own.

    Raises PolicyError, whose text names the file. A file that has changed is read again.
    """
    path = path or Path(os.environ.get("K8S_POLICY_FILE") or DEFAULT_POLICY)
    try:
        about = path.stat()
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be read: {error.strerror}.") from error
    return _load(path, about.st_mtime_ns, about.st_size, about.st_ino)


@lru_cache(maxsize=8)
def _load(path: Path, *version: int) -> Policy:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise PolicyError(f"The policy {path} is larger than {LARGEST_BYTES} bytes.")
        return msgspec.convert(_parsed(content), type=Policy)
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise PolicyError(f"The policy {path} is wrong: {' '.join(str(error).split())}.") from error


def _parsed(content: bytes) -> Any:
    """Return what JSON or YAML says. JSON is tried first: YAML does not know its pairs of escapes for one sign."""
    try:
        return json.loads(content, object_pairs_hook=_object)
    except ValueError:
        return yaml.load(content, Loader=OneMeaningLoader)  # noqa: S506 - a safe loader


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(members)) < len(members):
        raise ValueError("a member stands twice")  # the other loader says which, and where
    return dict(members)


class OneMeaningLoader(yaml.CSafeLoader):
    """Refuses a key that stands twice in a mapping, of which YAML would silently take the last."""


def _mapping(loader: OneMeaningLoader, node: yaml.MappingNode) -> Mapping[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value if key.tag != MERGE]
    repeated = {str(key) for key in keys if keys.count(key) > 1}
    if repeated:
        raise yaml.YAMLError(f"{', '.join(sorted(repeated))} stands twice in line {node.start_mark.line + 1} or below")
    return loader.construct_mapping(node, deep=True)


MERGE = "tag:yaml.org,2002:merge"
OneMeaningLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _check_known(names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{name} is no intent; {nearest(name, known)}")


def _not_among(intent: str, where: str, allowed: frozenset[str] | Sequence[str]) -> str:
    return f"{intent} is not allowed {where}; allowed: {', '.join(sorted(allowed)) or 'nothing'}."

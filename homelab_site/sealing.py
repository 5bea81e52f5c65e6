"""The inventory of the cluster's Secrets, and the commands that seal those which are not sealed yet, or apply them."""

import re
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
import yaml

VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)\}?")


class InventoryError(Exception):
    """The inventory cannot be used; the message is for people."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Secret. `keys` are its keys, each made of the inventory's values; `folder` is where its sealed form goes."""

    namespace: str
    name: str
    folder: str
    keys: dict[str, str]
    consumers: list[str]
    rotation: str

    @property
    def file(self) -> str:
        return f"{self.folder}/{self.namespace}-{self.name}.yaml"

    def variables(self) -> set[str]:
        return {variable for text in self.keys.values() for variable in VARIABLE.findall(text)}


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every Secret, and what they are made of: a value's name and the command that makes it; None is asked for."""

    values: dict[str, str | None]
    secrets: list[Entry]


def read_inventory(path: Path) -> Inventory:
    """Read the inventory; raises InventoryError, also where a Secret is made of a value that nothing makes."""
    try:
        inventory = msgspec.convert(yaml.safe_load(path.read_text()), Inventory)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise InventoryError(f"{path} cannot be used: {error}") from error
    unknown = {variable for entry in inventory.secrets for variable in entry.variables()} - inventory.values.keys()
    if unknown:
        raise InventoryError(f"{path} does not say how to make {', '.join(sorted(unknown))}.")
    return inventory


def unsealed(inventory: Inventory, root: Path) -> list[Entry]:
    """Return the Secrets that have no sealed form below a directory."""
    return [entry for entry in inventory.secrets if not (root / entry.file).exists()]


def commands(inventory: Inventory, root: Path) -> Iterator[str]:
    """Give the lines of a script for bash that seals what is not sealed yet; nothing where all is."""
    missing = unsealed(inventory, root)
    if not missing:
        return
    yield "set -euo pipefail"
    yield from _values(inventory, missing, [entry for entry in inventory.secrets if entry not in missing])
    for entry in missing:
        yield from _make(entry, f"kubeseal --cert pub.pem --format yaml > {shlex.quote(entry.file)}")
    for folder in dict.fromkeys(entry.folder for entry in missing):
        yield from _list(inventory, folder)


def apply_commands(inventory: Inventory, namespaces: Collection[str]) -> Iterator[str]:
    """Give the lines of a script for bash that puts the Secrets of namespaces into a cluster that seals nothing.

    Raises InventoryError for a namespace without any.
    """
    if unknown := set(namespaces) - {entry.namespace for entry in inventory.secrets}:
        raise InventoryError(f"No secret is in {', '.join(sorted(unknown))}.")
    wanted = [entry for entry in inventory.secrets if entry.namespace in namespaces]
    yield "set -euo pipefail"
    yield from _values(inventory, wanted, [])
    for namespace in dict.fromkeys(entry.namespace for entry in wanted):
        yield f"kubectl get namespace {namespace} > /dev/null 2>&1 || kubectl create namespace {namespace}"
    for entry in wanted:
        yield from _make(entry, "kubectl apply -f -")


def _values(inventory: Inventory, wanted: list[Entry], sealed: list[Entry]) -> Iterator[str]:
    needed = {variable for entry in wanted for variable in entry.variables()}
    # What a value is made of stands before it.
    for name, make in reversed(inventory.values.items()):
        if name in needed:
            needed |= set(VARIABLE.findall(make or "")) & inventory.values.keys()
    for name, make in inventory.values.items():
        holders = [f"{entry.namespace}/{entry.name}" for entry in sealed if name in entry.variables()]
        if name not in needed:
            continue
        if holders:
            yield f': "${{{name}:?set it to what {holders[0]} holds, or remove the sealed form of that}}"'
        elif make is None:
            yield f'[ -n "${{{name}:-}}" ] || read -rsp "{name}: " {name}; echo'
        else:
            yield f'[ -n "${{{name}:-}}" ] || {name}=$({make})'


def _make(entry: Entry, then: str) -> Iterator[str]:
    yield ""
    yield f"# {entry.namespace}/{entry.name}: for {', '.join(entry.consumers)}"
    yield f"kubectl create secret generic {entry.name} -n {entry.namespace} --dry-run=client -o yaml \\"
    for key, text in entry.keys.items():
        yield f'    --from-literal={key}="{text}" \\'
    yield f"    | {then}"


def _list(inventory: Inventory, folder: str) -> Iterator[str]:
    yield ""
    yield f"cat > {shlex.quote(folder)}/kustomization.yaml <<'END'"
    yield from ("apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:")
    yield from (f"  - {Path(entry.file).name}" for entry in inventory.secrets if entry.folder == folder)
    yield "END"

"""What must be true of configuration and secrets."""

import re
from collections.abc import Iterator
from typing import Any

from tests.gitops.tree import Object, Tree, containers, dig, identity, parse, pod_spec

HASHED = re.compile(r"-[bcdfghkmt2456789]{10}$")
"""What kustomize appends, in its own alphabet of 16."""

SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|(?<!_SNI)_KEY$")
LOGIN_IN_URL = re.compile(r"\w+://[^/\s:@]+:[^/\s@$]+@")


def mentioned(thing: Any, *members: str) -> Iterator[str]:
    """Return the names that some kinds of references lead to, wherever in an object they are."""
    if isinstance(thing, dict):
        for member, value in thing.items():
            if member in members and isinstance(value, dict):
                name = value.get("name") or value.get("secretName")
                if name:
                    yield name
            yield from mentioned(value, *members)
    elif isinstance(thing, list):
        for value in thing:
            yield from mentioned(value, *members)


def configuration_is_there_and_hashed(tree: Tree) -> Iterator[str]:
    there = {(dig(thing, "metadata", "namespace"), thing["metadata"]["name"]) for thing in tree.of_kind("ConfigMap")}
    for thing in tree.workloads:
        for name in mentioned(pod_spec(thing), "configMap", "configMapRef", "configMapKeyRef"):
            if (thing["metadata"]["namespace"], name) not in there:
                yield f"{identity(thing)} wants the ConfigMap {name}, which does not exist"
            if not HASHED.search(name):
                yield f"{identity(thing)} does not notice when {name} changes"


def secrets_of(thing: Object) -> set[str]:
    """Return the Secrets that an object reads."""
    return set(mentioned(thing.get("spec", {}), "secret", "secretRef", "secretKeyRef", "imagePullSecrets"))


def inventory(tree: Tree) -> list[Object]:
    content: Object = parse((tree.root / "gitops/secrets.inventory.yaml").read_text())
    secrets: list[Object] = content["secrets"]
    return secrets


def secrets_are_in_the_inventory(tree: Tree) -> Iterator[str]:
    listed = {(entry["namespace"], entry["name"]): set(entry["consumers"]) for entry in inventory(tree)}
    used: dict[tuple[str, str], set[str]] = {}
    for _, thing in tree.owned:
        for name in secrets_of(thing):
            consumer = f"{thing['kind'].lower()}/{thing['metadata']['name']}"
            used.setdefault((thing["metadata"]["namespace"], name), set()).add(consumer)
    for place in used.keys() | listed.keys():
        if used.get(place) != listed.get(place):
            yield f"{place}: read by {used.get(place)}, in the inventory {listed.get(place)}"


def keys_of_secrets_are_in_the_inventory(tree: Tree) -> Iterator[str]:
    listed = {(entry["namespace"], entry["name"]): entry["keys"].keys() for entry in inventory(tree)}
    for thing in tree.workloads:
        for container in containers(thing):
            for variable in container.get("env", ()):
                reference = dig(variable, "valueFrom", "secretKeyRef")
                if reference is None:
                    continue
                place = (thing["metadata"]["namespace"], reference["name"])
                if reference["key"] not in listed.get(place, ()):
                    yield f"{identity(thing)} reads {reference['key']} of {place}, which the inventory does not have"


def sealed_folders_are_part_of_what_reads_them(tree: Tree) -> Iterator[str]:
    reached: set[str] = set()
    for name in tree.flux:
        reached |= tree.parts(tree.path_of(name)) if tree.path_of(name) in tree.rendered else set()
    for entry in inventory(tree):
        if entry["folder"] not in reached:
            yield f"{entry['folder']} of {entry['name']} is part of nothing"


def no_secret_is_in_the_tree(tree: Tree) -> Iterator[str]:
    for path, things in tree.rendered.items():
        for thing in things:
            if thing["kind"] == "Secret":
                yield f"{path} has {identity(thing)}"
            for container in containers(thing):
                for variable in container.get("env", ()):
                    if SECRET_NAME.search(variable["name"]) and variable.get("value"):
                        yield f"{identity(thing)} has the value of {variable['name']}"
            for name in dig(thing, "data", default={}) if thing["kind"] == "ConfigMap" else ():
                if SECRET_NAME.search(name):
                    yield f"{identity(thing)} has {name}"
    for file in (tree.root / "gitops").rglob("*"):
        if file.is_file() and file.suffix != ".sql" and LOGIN_IN_URL.search(file.read_text()):
            yield f"{file.relative_to(tree.root)} has a login in a URL"


def topics_are_made_and_kept_up_to_date(tree: Tree) -> Iterator[str]:
    script = (tree.root / "gitops/apps/base/redpanda-topics/config/make-topics.sh").read_text()
    for wanted in (
        *("set -euo pipefail", "--if-not-exists", "alter-config", "retention.bytes", "--no-confirm", "topics.txt"),
    ):
        if wanted not in script:
            yield f"make-topics.sh does without {wanted}"
    if "|| echo" in script or "|| true" in script:
        yield "make-topics.sh hides errors"


def mosquitto_lets_nobody_in_without_a_password(tree: Tree) -> Iterator[str]:
    config = (tree.root / "gitops/apps/base/mosquitto/config/mosquitto.conf").read_text().splitlines()
    for wanted in (
        *("allow_anonymous false", "password_file /mosquitto/secret/passwords", "acl_file /mosquitto/config/acl"),
        *("persistence true", "persistence_location /mosquitto/data/"),
    ):
        if wanted not in config:
            yield f"mosquitto.conf does without {wanted}"
    if not any(line.startswith("max_queued_bytes ") for line in config):
        yield "mosquitto.conf lets its queues grow without a limit"


def nobody_may_open_shells(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Role", "ClusterRole"):
        for rule in thing.get("rules", ()):
            resources, verbs = rule.get("resources", ()), rule.get("verbs", ())
            if {"pods/exec", "pods/attach", "secrets", "*"} & set(resources) or "*" in verbs:
                yield f"{identity(thing)} allows {verbs} of {resources}"


def accounts_of_pods_only_look(tree: Tree) -> Iterator[str]:
    used = {
        (thing["metadata"]["namespace"], spec.get("serviceAccountName"))
        for thing in tree.workloads
        if (spec := pod_spec(thing)).get("automountServiceAccountToken") is not False
    }
    for binding in tree.of_kind("RoleBinding", "ClusterRoleBinding"):
        if not used & {(who.get("namespace"), who["name"]) for who in binding["subjects"]}:
            continue
        for role in tree.of_kind(binding["roleRef"]["kind"]):
            if role["metadata"]["name"] != binding["roleRef"]["name"]:
                continue
            for rule in role["rules"]:
                if not set(rule["verbs"]) <= {"get", "list", "watch"}:
                    yield f"{identity(role)} allows a pod {rule['verbs']} of {rule['resources']}"

"""The tree for one machine: whether `docs/deployment.md` says how to bring it up, as far as that shows here."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from homelab_site.sealing import InventoryError, apply_commands, read_inventory
from tests.gitops.rules_pods import bytes_of
from tests.gitops.tree import ROOT, Object, Tree, containers, dig, pod_spec

STEPS = ("data", "jobs", "site")
GUIDE = (ROOT / "docs/deployment.md").read_text().partition("## A small cluster on one machine")[2]
CLUSTER_ONLY = {"SealedSecret", "HelmRelease", "IngressRoute", "Middleware", "Kustomization"}
# It leaves the cluster alone: what would be applied is shown instead, and every namespace is there.
KUBECTL = '#!/bin/sh\n[ "$1" = get ] && exit 0\n[ "$1" = apply ] && { echo ---; exec cat; }\nexec %s "$@"\n'


@pytest.fixture(scope="module")
def steps(tree: Tree) -> dict[str, list[Object]]:
    """The objects of each step, in the order in which they are applied."""
    return {step: tree.rendered[f"gitops/apps/local/{step}"] for step in STEPS}


def everything(steps: dict[str, list[Object]]) -> list[Object]:
    return [thing for step in STEPS for thing in steps[step]]


def namespaces_of_the_guide() -> list[str]:
    found = re.search(r"secrets_help --apply ([\w -]+)", GUIDE)
    assert found
    return found[1].split()


def secrets_read(thing: Object) -> set[str]:
    """Return the names of the Secrets without which a workload does not start."""
    names = set()
    for container in containers(thing):
        sources = [dig(one, "secretRef", default={}) for one in container.get("envFrom", ())]
        sources += [dig(one, "valueFrom", "secretKeyRef", default={}) for one in container.get("env", ())]
        names |= {one["name"] for one in sources if one and not one.get("optional")}
    volumes = [dig(one, "secret", "secretName") for one in pod_spec(thing).get("volumes", ())]
    return names | {name for name in volumes if name}


def test_it_has_nothing_that_only_the_cluster_has(steps: dict[str, list[Object]]) -> None:
    assert not {thing["kind"] for thing in everything(steps)} & CLUSTER_ONLY
    assert not [thing for thing in everything(steps) if "authentik" in str(dig(thing, "metadata", "namespace"))]
    assert "kubernetes.io/arch" not in str([pod_spec(thing) for thing in everything(steps)])


def test_it_is_small(steps: dict[str, list[Object]]) -> None:
    requests = [
        bytes_of(container["resources"]["requests"]["memory"])
        for thing in [*steps["data"], *steps["site"]]
        for container in containers(thing)
    ]
    assert sum(requests) <= 3.5 * 2**30


def test_the_guide_applies_every_step_in_order() -> None:
    assert re.findall(r"kubectl apply -k gitops/apps/local/(\w+)", GUIDE) == list(STEPS)


def test_every_job_is_waited_for(steps: dict[str, list[Object]]) -> None:
    jobs = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in steps["jobs"] if one["kind"] == "Job"}
    assert set(re.findall(r"kubectl wait .* -n ([\w-]+) job/([\w-]+)", GUIDE)) == jobs


def test_the_script_of_the_guide_makes_every_secret_that_is_read(
    steps: dict[str, list[Object]], tmp_path: Path
) -> None:
    made = apply(tmp_path, namespaces_of_the_guide())
    read = {(thing["metadata"].get("namespace"), name) for thing in everything(steps) for name in secrets_read(thing)}
    assert read <= made.keys()
    assert made["homelab-db", "homelab-db"]["POSTGRES_PASSWORD"] in made["homelab", "homelab-site"]["DATABASE_URL"]


def test_a_namespace_without_secrets_is_named() -> None:
    with pytest.raises(InventoryError, match="No secret is in nowhere"):
        list(apply_commands(read_inventory(ROOT / "gitops/secrets.inventory.yaml"), ["nowhere"]))


def apply(directory: Path, namespaces: list[str]) -> dict[tuple[str, str], dict[str, str]]:
    """Run the script with the real kubectl, up to what it would apply; return that by namespace and name."""
    real = subprocess.run(["which", "kubectl"], check=True, capture_output=True, text=True).stdout.strip()
    for name, script in (("kubectl", KUBECTL % real), ("mosquitto_passwd", '#!/bin/sh\necho "$3:hashed" >> "$2"\n')):
        (directory / name).write_text(script)
        (directory / name).chmod(0o755)
    script = "\n".join(apply_commands(read_inventory(ROOT / "gitops/secrets.inventory.yaml"), namespaces))
    env = {"PATH": f"{directory}:{os.environ['PATH']}", "HOME": str(directory)}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=True, timeout=120)
    secrets = [one for one in yaml.safe_load_all(done.stdout) if one]
    return {
        (one["metadata"]["namespace"], one["metadata"]["name"]): {
            key: yaml.safe_load(f"!!binary {value}").decode() for key, value in one["data"].items()
        }
        for one in secrets
    }

"""What the pages for operators tell people to type names things that exist."""

import re
import subprocess
from itertools import chain

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tests.gitops.test_alerts import anchors
from tests.gitops.tree import ROOT, Tree, containers, pod_labels

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("architecture", "deployment", "runbook")}
KINDS = {"deploy": "Deployment", "sts": "StatefulSet", "svc": "Service"} | {
    kind.lower(): kind for kind in ("Deployment", "StatefulSet", "Service", "Job", "CronJob")
}
BY_CHARTS = {"traefik", "sealed-secrets", "flux-system"}


def blocks(page: str) -> str:
    """Return the code of a page: what it tells people to type."""
    return "\n".join(re.findall(r"^```\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", ["deployment", "runbook"])
def test_workloads_are_in_the_namespace_that_the_command_says(tree: Tree, page: str) -> None:
    there = {(thing["metadata"].get("namespace"), thing["kind"], thing["metadata"]["name"]) for _, thing in tree.owned}
    made = re.findall(r"create job -n ([\w-]+) --from=\S+ ([\w-]+)", blocks(page))
    there |= {(namespace, "Job", name) for namespace, name in made}
    # A job of a CronJob has its name and a number.
    there |= {(namespace, "Job", f"{name}-") for namespace, kind, name in there if kind == "CronJob"}
    found = re.findall(r"-n ([\w-]+)[^\n&|]*?[ =]([a-z]+)/([a-z0-9-]+)", blocks(page))
    said = {(namespace, KINDS[kind], re.sub(r"-\d+$", "-", name)) for namespace, kind, name in found if kind in KINDS}
    assert len(said) > 3
    # A name that a variable goes on with is the beginning of one.
    begun = {one for one in said if one[2].endswith("-") and any(_begins(one, other) for other in there)}
    assert said - there - begun == set()


def _begins(one: tuple[str, str, str], other: tuple[str | None, str, str]) -> bool:
    return one[:2] == other[:2] and other[2].startswith(one[2])


def test_what_the_runbook_makes_of_a_drill_restores_that_database(tree: Tree) -> None:
    (edit,) = re.findall(r"^ *(sed -e .*?) > /tmp/restore.yaml$", blocks("runbook"), re.MULTILINE | re.DOTALL)
    parser = load_command_class("homelab_site", "restore_database").create_parser("manage.py", "restore_database")
    drills = [one for one in tree.of_kind("CronJob") if one["metadata"]["name"].startswith("drill-")]
    assert len(drills) == 3
    for drill in drills:
        text = yaml.safe_dump(drill, default_flow_style=False)
        made = subprocess.run(["bash", "-c", edit], input=text, capture_output=True, text=True, check=True, timeout=30)
        *_, command, database, replace, where, place = containers(yaml.safe_load(made.stdout))[0]["command"]
        assert (command, f"drill-{database}") == ("restore_database", drill["metadata"]["name"])
        assert parser.parse_args([database, replace, where, place]).replace


@pytest.mark.parametrize("page", ["deployment", "runbook"])
def test_namespaces_exist(tree: Tree, page: str) -> None:
    there = {thing["metadata"]["name"] for thing in tree.of_kind("Namespace")} | BY_CHARTS
    said = set(re.findall(r"\s-n ([\w-]+)", blocks(page)))
    assert said
    assert said <= there


@pytest.mark.parametrize("page", ["deployment", "runbook"])
def test_what_flux_is_asked_for_is_a_kustomization_of_the_tree(tree: Tree, page: str) -> None:
    said = re.findall(r"flux (?:reconcile|resume|suspend) kustomization ([\w-]+)|Kustomization/([\w-]+)", blocks(page))
    names = set(filter(None, chain.from_iterable(said))) - {"NAME"}
    assert names <= {*tree.flux, "flux-system"}


@pytest.mark.parametrize("page", ["deployment", "runbook"])
def test_labels_select_pods(tree: Tree, page: str) -> None:
    there = {label for thing in tree.workloads for label in pod_labels(thing).items()}
    said = {(key, value) for key, value in re.findall(r"-l ([\w./]+)=([\w-]+)", blocks(page))}
    assert {one for one in said if one[0].startswith("app.kubernetes.io/")} <= there


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str) -> None:
    said = set(re.findall(r"\bmanage(?:\.py)? ([a-z]\w+)", PAGES[page]))
    assert said <= set(get_commands())


def test_the_picture_and_its_tables_name_every_workload(tree: Tree) -> None:
    text = PAGES["architecture"]
    names = {thing["metadata"]["name"] for thing in tree.workloads if thing["metadata"]["namespace"] == "homelab"}
    assert names
    assert {name for name in names if name not in text} == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_a_heading(page: str) -> None:
    lost = []
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", PAGES[page]):
        target = ROOT / "docs" / (file or f"{page}.md")
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(f"{file}#{anchor}")
    assert lost == []

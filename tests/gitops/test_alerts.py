"""The alert rules: Prometheus' own tool runs them on sample series, and what they ask for is really given out."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab_site.workers.registry import WORKERS
from telemetry.status.metrics import SOURCES
from telemetry.status.streams import STREAMS
from tests.gitops.promql import OF_OTHERS, metrics_in
from tests.gitops.tree import ROOT, Tree
from tests.lacking import lacks

SERIES = Path(__file__).with_name("alerts.series.yaml")
PROMETHEUS = ROOT / "gitops/apps/base/monitoring/prometheus"
CONFIG = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text())
GROUPS = yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
NAMES = [rule["alert"] for rule in RULES]
EXPRESSIONS = " ".join(rule["expr"] for rule in RULES)


def run_promtool(*arguments: str) -> None:
    """Run Prometheus' tool; where there is none, CI fails and a developer's machine skips."""
    program = shutil.which("promtool")
    if program is None:
        lacks("promtool is not there: it comes with Prometheus, for instance with Debian's package prometheus")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_on_its_series_and_not_before() -> None:
    run_promtool("test", "rules", str(SERIES))


def test_prometheus_takes_its_configuration() -> None:
    run_promtool("check", "config", str(PROMETHEUS / "prometheus.yaml"))


def test_every_alert_has_series_on_which_it_keeps_quiet_and_fires() -> None:
    tests = yaml.safe_load(SERIES.read_text())["tests"]
    tried = [(case["alertname"], bool(case["exp_alerts"])) for test in tests for case in test["alert_rule_test"]]
    assert sorted(tried) == sorted((name, fires) for name in NAMES for fires in (False, True))


@pytest.mark.django_db(databases=["default", "telemetry"])
def test_every_metric_is_given_out_by_us_or_by_a_named_exporter(given_out: set[str]) -> None:
    wanted = metrics_in(EXPRESSIONS)
    assert len(wanted) > 20
    assert wanted - given_out - set().union(*OF_OTHERS.values()) == set()


def test_the_named_exporters_are_in_the_tree(tree: Tree) -> None:
    there = {thing["metadata"]["name"] for thing in tree.workloads if thing["metadata"]["namespace"] == "monitoring"}
    assert set(OF_OTHERS) <= there


def test_streams_workers_and_sources_have_the_names_that_the_rules_say() -> None:
    for label, known in (("stream", STREAMS), ("worker", WORKERS), ("source", SOURCES)):
        said = {name for value in re.findall(rf'\b{label}=~?"([^"]+)"', EXPRESSIONS) for name in value.split("|")}
        assert said <= set(known)


def test_jobs_have_the_names_that_the_rules_say() -> None:
    said = {name for value in re.findall(r'\bjob!?=?~?"([^"]+)"', EXPRESSIONS) for name in value.split("|")}
    assert said
    assert said <= {job["job_name"] for job in CONFIG["scrape_configs"]}


def test_what_prometheus_asks_is_a_service_of_the_tree_with_that_port(tree: Tree) -> None:
    there = {
        (f"{one['metadata']['name']}.{one['metadata']['namespace']}.svc.cluster.local", port["port"])
        for one in tree.of_kind("Service")
        for port in one["spec"]["ports"]
    } | {("kubernetes.default.svc.cluster.local", 443)}
    text = (PROMETHEUS / "prometheus.yaml").read_text()
    asked = {(host, int(port)) for host, port in re.findall(r"([\w.-]+\.svc\.cluster\.local):(\d+)", text)}
    for job in CONFIG["scrape_configs"]:
        asked |= {(name, dns["port"]) for dns in job.get("dns_sd_configs", ()) for name in dns["names"]}
    assert len(asked) >= 8
    assert asked <= there


def test_the_site_answers_under_the_name_that_prometheus_asks_for(tree: Tree) -> None:
    (site,) = (job for job in CONFIG["scrape_configs"] if job["job_name"] == "site")
    (target,) = site["static_configs"][0]["targets"]
    of_site = [one["data"] for one in tree.of_kind("ConfigMap") if one["metadata"]["namespace"] == "homelab"]
    (allowed,) = (data["ALLOWED_HOSTS"] for data in of_site if "ALLOWED_HOSTS" in data)
    assert target.partition(":")[0] in allowed.split(",")


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_waits_says_what_is_wrong_and_where_to_read_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["for"]
    assert rule["annotations"]["summary"].endswith(".")
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / file)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_page_names_an_alert_under_its_heading(rule: dict[str, Any]) -> None:
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    _, *sections = re.split(r"^(?=## )", (ROOT / file).read_text(), flags=re.MULTILINE)
    (section,) = (text for text in sections if anchor_of(text.partition("\n")[0].lstrip("# ")) == anchor)
    assert f"`{rule['alert']}`" in section


def anchors(file: Path) -> set[str]:
    """Return what GitHub makes of the headings of a page, for links."""
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)}


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")

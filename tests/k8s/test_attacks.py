"""What must not get through: hostile values in every member, with recorders in place of all programs."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k8s.tool import k8s_exec
from tests.k8s.conftest import audited
from tests.k8s.recorder import Recorders

PROGRAMS = ("kubectl", "flux", "gh")
OTHERS = ("sh", "bash", "env", "git", "curl", "python3", "id", "touch", "less", "vi")

TEXTS = [
    *("-n", "--all", "--kubeconfig=/tmp/x", "-A", "--as=admin", "--token=x", "-o=jsonpath={.data}", "--raw=/api", "-"),
    *(
        "a b",
        "a;id",
        "a&&id",
        "a|id",
        "$(id)",
        "`id`",
        "a>b",
        "a<b",
        "${HOME}",
        "$HOME",
        "a\\b",
        "'a'",
        '"a"',
        "*",
        "?",
    ),
    *("a\n", "\na", "a\nb", "a\r\n", "a\t", "a\x00", "\x1b[31m", "a\x7f", "a\u2028b", "\ufeffa", "a\u200b"),
    *("\uff41\uff50\uff49", "\u0430pi", "API", "é", "İ", "ß", "٣", "a\u0301", "🔥", "\ud800"),
    *("", " ", "a" * 300, "a" * 100_000, ".", "..", "../../etc/passwd", "/etc/passwd", "a/b", "a//b", "a..b", "-a-"),
    *("api,deployment/db", "api secret/db", "pod/x", "%2e%2e", "{name}", "[{name}]", "{0}", "%s", "<script>", "null"),
    *("a=b,--all", "!a", "a=-b", "app in (a)", "a=", "=a", "owner/name;id", "-R", "evil/-name", "owner/name/.."),
]
NOT_TEXTS: list[Any] = [True, False, 0, -1, 1.5, [], ["api"], {}, {"a": 1}, b"api", ("api",), 10**30, float("nan")]
NUMBERS: list[Any] = [
    *(-1, 1001, 10**30, 1.0, 1.5, float("inf"), True, False, "3", "010", "0x10", "1e3", " 3", "3\n", "-1", "٣"),
    *([3], {"value": 3}, "", b"3"),
]
FLAGS: list[Any] = ["true", "yes", 1, 0, "--with-source", [], {}, 1.0]
NAMESPACES = ["kube-system", "default", "homelab2", "home", "all", "kube-public"]
FORGED: list[Any] = [
    *("00000000-" + "0" * 32, "ffffffff-" + "f" * 32, "6b063067-169c1a519a514db467366756bba9bf1b", "true", "yes", 1),
    *(
        "0" * 41,
        "-" + "0" * 40,
        "--yes",
        "\n",
        "0" * 10_000,
        [True],
        {"hash": "x"},
        "69254f00-" + "a" * 32 + "\n",
        b"x",
    ),
]
BASES: dict[str, dict[str, Any]] = {
    "intent": {"intent": "status", "resource": "deployment", "namespace": "homelab", "name": "api"},
    "resource": {"intent": "status", "resource": "deployment", "namespace": "homelab", "name": "api"},
    "namespace": {"intent": "status", "resource": "deployment", "namespace": "homelab", "name": "api"},
    "name": {"intent": "status", "resource": "deployment", "namespace": "homelab", "name": "api"},
    "selector": {"intent": "logs", "resource": "pod", "namespace": "homelab", "selector": "app=api"},
    "container": {"intent": "logs", "resource": "pod", "namespace": "homelab", "name": "api", "container": "api"},
    "since": {"intent": "logs", "resource": "pod", "namespace": "homelab", "name": "api", "since": "1m"},
    "repo": {"intent": "gh-pr-list", "resource": "pull-request", "repo": "owner/name"},
    "workflow": {"intent": "gh-workflow-view", "resource": "workflow", "workflow": "ci.yml"},
}
COUNTED: dict[str, dict[str, Any]] = {
    "replicas": {"intent": "scale", "resource": "deployment", "namespace": "homelab", "name": "api", "replicas": 1},
    "tail": {"intent": "logs", "resource": "pod", "namespace": "homelab", "name": "api", "tail": 1},
    "timeout": {"intent": "restart", "resource": "deployment", "namespace": "homelab", "name": "api", "timeout": 1},
    "limit": {"intent": "gh-pr-list", "resource": "pull-request", "limit": 1},
}
SCALE_TO_ZERO = {**COUNTED["replicas"], "replicas": 0}


def payloads() -> Iterator[tuple[str, Any, list[str]]]:
    """Yield a label, a request, and those of its values that must not become options."""
    for member, base in BASES.items():
        for value in [*TEXTS, *NOT_TEXTS]:
            yield member, {**base, member: value}, [value] if isinstance(value, str) else []
    for member, base in COUNTED.items():
        for value in NUMBERS:
            yield member, {**base, member: value, "constraints": {"dryRun": False}}, []
    for value in FLAGS:
        yield "withSource", {"intent": "flux-reconcile", "resource": "kustomization", "withSource": value}, []
        yield "dryRun", {**COUNTED["replicas"], "constraints": {"dryRun": value}}, []
    for value in NAMESPACES:
        yield "namespace", {**BASES["name"], "namespace": value}, []
        yield "namespace", {"intent": "describe", "resource": "namespace", "name": value}, []
    for value in FORGED:
        yield "confirm", {**SCALE_TO_ZERO, "constraints": {"dryRun": False, "confirm": value}}, []
    for value in ({**BASES["name"], member: None} for member in ("intent", "resource", "namespace")):
        yield "none", value, []
    for value in (None, [], "restart", 1, {}, {"intent": "status"}, {1: 2}, {"--all": True}, {"a" * 10_000: 1}):
        yield "request", value, []
    for value in ("x", [], 1, {"dryrun": False}, {"--force": True}):
        yield "constraints", {**SCALE_TO_ZERO, "constraints": value}, []
    for name in ("env", "argv", "command", "KUBECONFIG", "kubeconfig", "shell", "dryRun", "confirm", "force"):
        yield "unknown", {**BASES["name"], name: "x"}, []


ATTACKS = list(payloads())
# Values that are good, and so may reach a program: a workflow's name may have spaces, for instance.
HARMLESS = {"a b", "null", "API", "a..b", "a/b", "api,deployment/db", "pod/x"}


def test_the_corpus_is_large_enough() -> None:
    assert len(ATTACKS) >= 300


@pytest.fixture
def watched(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> Recorders:
    recorders.add(OTHERS)
    for name in (
        "LD_PRELOAD",
        "PAGER",
        "EDITOR",
        "GH_PAGER",
        "GH_HOST",
        "GH_REPO",
        "KUBECTL_EXTERNAL_DIFF",
        "HTTPS_PROXY",
    ):
        monkeypatch.setenv(name, "" if name == "LD_PRELOAD" else "/tmp/evil")
    return recorders


def test_no_payload_gets_through(watched: Recorders) -> None:
    for count, (member, request, values) in enumerate(ATTACKS, 1):
        before = len(watched.calls())
        started = time.thread_time()
        answer = k8s_exec(request)
        assert time.thread_time() - started < 1, (member, request)
        lines = audited()
        assert len(lines) == count, (member, request)
        assert lines[-1]["operationId"] == answer["operationId"]
        for call in watched.calls()[before:]:
            assert call["argv"][0] in PROGRAMS
            assert not [value for value in values if value.startswith("-") and value in call["argv"]]
        if answer["status"] != "refused":
            assert set(values) <= HARMLESS, (member, request, answer)


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_confirmation_changes_nothing(watched: Recorders, forged: Any) -> None:
    answer = k8s_exec({**SCALE_TO_ZERO, "constraints": {"dryRun": False, "confirm": forged}})
    assert (answer["status"], watched.calls()) == ("refused", [])


def test_the_environment_of_a_program_is_small_and_fixed(watched: Recorders) -> None:
    k8s_exec(BASES["name"])
    environment = watched.calls()[0]["environment"]
    allowed = {"HOME", "PATH", "LANG", "NO_COLOR", "TERM", "GH_PROMPT_DISABLED", "GH_NO_UPDATE_NOTIFIER"}
    assert set(environment) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"} == allowed


@pytest.mark.parametrize("request_", [BASES["name"], BASES["selector"], BASES["repo"], COUNTED["replicas"]])
def test_the_bases_of_the_corpus_are_good(watched: Recorders, request_: dict[str, Any]) -> None:
    assert k8s_exec(request_)["status"] != "refused"
    assert watched.calls()


def test_a_log_that_cannot_be_written_stops_everything(
    watched: Recorders, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "file").write_text("")
    monkeypatch.setenv("K8S_AUDIT_LOG", str(workplace / "file" / "agent.log"))
    answer = k8s_exec(BASES["name"])
    assert (answer["status"], watched.calls()) == ("refused", [])
    assert "audit log" in answer["validation"]["reasons"][0]

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from k8s import audit
from k8s.audit import Record, log_path, open_log
from k8s.tool import k8s_exec
from tests.k8s.conftest import ask, audited
from tests.k8s.recorder import Recorders

PROCESSES, LINES = 4, 50


def record(who: str, number: int) -> Record:
    return Record(
        time="2026-11-25T00:00:00.000+00:00",
        operationId=f"{who}-{number}",
        who=who,
        intent="status",
        namespace="homelab",
        target="deployment/api",
        command="kubectl get " + "x" * 5_000,
        summary=None,
        risk=None,
        checks=(),
        dryRun=False,
        status="done",
        reasons=("said\u2028 so\n",),
        code=0,
        duration=0.1,
        stdoutDigest=None,
        stderrDigest=None,
    )


def write_many(who: str) -> None:
    for number in range(LINES):
        with open_log() as log:
            log.append(record(who, number))


def test_lines_of_several_processes_stay_whole() -> None:
    context = multiprocessing.get_context("spawn")
    names = [f"process-{number}" for number in range(PROCESSES)]
    processes = [context.Process(target=write_many, args=(name,)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    found = [line["operationId"] for line in audited()]
    for name in names:
        assert [line for line in found if line.startswith(name)] == [f"{name}-{number}" for number in range(LINES)]


def test_a_line_that_a_killed_writer_left_open_is_closed_first() -> None:
    write_many("first")
    with log_path().open("a") as file:
        file.write('{"torn')
    with open_log() as log:
        log.append(record("second", 0))
    torn, last = log_path().read_text().splitlines()[-2:]
    assert (torn, json.loads(last)["operationId"]) == ('{"torn', "second-0")


def test_only_its_owner_reads_the_log_and_the_key(recorders: Recorders) -> None:
    log_path().parent.mkdir(parents=True)
    log_path().touch(mode=0o644)
    ask("drain", "node", name="p0.local")
    for path in (log_path(), log_path().with_suffix(".key")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_says_who_did_what_and_how_it_ended(recorders: Recorders) -> None:
    answer = ask("status", namespace="homelab", name="api")
    [line] = audited()
    assert line["operationId"] == answer["operationId"]
    assert (line["intent"], line["namespace"], line["target"]) == ("status", "homelab", "deployment/api")
    assert (line["status"], line["code"], line["dryRun"]) == ("done", 0, False)
    assert line["command"].startswith("kubectl get deployment/api -n homelab")
    assert line["stdoutDigest"] == answer["result"]["stdoutDigest"]
    assert line["who"]


def test_a_refused_call_is_a_line_too() -> None:
    ask("restart", "pod", namespace="homelab", name="api-6d5f9c7b8-x2k4j")
    ask("restart", namespace="homelab", name="a\nb")
    pod, bad = audited()
    assert (pod["status"], pod["target"], pod["command"]) == ("refused", "pod/api-6d5f9c7b8-x2k4j", None)
    assert (bad["status"], bad["intent"], bad["namespace"]) == ("refused", "restart", "homelab")
    assert bad["reasons"] == [
        "name: an RFC 1123 name: at most 253 lower-case letters, digits, and - or . between them."
    ]


def test_a_log_that_is_a_link_is_not_followed(workplace: Path) -> None:
    log_path().parent.mkdir(parents=True)
    (workplace / "elsewhere").write_text("")
    log_path().symlink_to(workplace / "elsewhere")
    assert ask("status", namespace="homelab", name="api")["status"] == "refused"
    assert (workplace / "elsewhere").read_text() == ""


def restart() -> str:
    return str(ask("restart", namespace="homelab", name="api", dry_run=False)["status"])


def test_a_log_that_keeps_nothing_is_refused_and_left_as_it_is(recorders: Recorders) -> None:
    log_path().parent.mkdir(parents=True)
    os.mkfifo(log_path())
    log_path().chmod(0o666)
    assert (restart(), recorders.calls()) == ("refused", [])
    assert stat.S_IMODE(log_path().stat().st_mode) == 0o666


def test_where_the_disk_is_full_nothing_is_begun(recorders: Recorders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ROOM_BYTES", 1 << 62)
    assert (restart(), recorders.calls()) == ("refused", [])


@pytest.mark.parametrize("who", [5, "\ud800", "a\nb\x00"])
def test_no_name_of_a_caller_keeps_a_line_from_being_written(recorders: Recorders, who: object) -> None:
    request = {"intent": "status", "resource": "deployment", "namespace": "homelab", "name": "api"}
    k8s_exec(request, who=who)  # type: ignore[arg-type] # a script may have no types
    [line] = audited()
    assert line["who"].isprintable()

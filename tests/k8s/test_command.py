"""`manage.py k8s` as a person types it, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from homelab_site.stack.parts import MANAGE
from tests.k8s.conftest import audited
from tests.k8s.recorder import Recorders
from tests.waiting import eventually

MEASURED = """
import sys, time
from pathlib import Path
import manage
try:
    manage.main(sys.argv)
except SystemExit:
    pass
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(time.process_time(), peak.split()[1])
"""
RESTART = ["restart", "deployment", "api", "-n", "homelab"]
ZERO = ["scale", "deployment", "api", "-n", "homelab", "--replicas", "0"]


def environment() -> dict[str, str]:
    """Return the environment of somebody who has set neither a database nor the settings of the tests."""
    left_out = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in left_out}


def manage(*arguments: str) -> tuple[int, str]:
    """Run the command; return its status and what it printed."""
    command = [sys.executable, MANAGE, "k8s", *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def answer(*arguments: str) -> dict[str, Any]:
    _, printed = manage(*arguments, "--json")
    parsed: dict[str, Any] = json.loads(printed)
    return parsed


@pytest.fixture(autouse=True)
def no_stack(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMELAB_DATA_DIR", str(workplace / "data"))


def test_a_change_is_planned_and_says_what_is_asked(recorders: Recorders) -> None:
    code, printed = manage(*RESTART)
    assert code == 0
    assert printed.splitlines()[:7] == [
        "Plan:    Restart deployment api in homelab, one pod after another",
        "Command: kubectl rollout restart deployment/api -n homelab && "
        "kubectl rollout status deployment/api -n homelab --timeout=120s",
        "Risk:    medium",
        "Then:",
        "  manage.py k8s status deployment api -n homelab",
        "  manage.py k8s logs deployment api -n homelab",
        "",
    ]
    assert printed.endswith("Planned; nothing was changed.\nTo carry it out: --execute\n")
    assert ["kubectl", "rollout", "restart", "deployment/api", "-n", "homelab"] not in recorders.argvs()


def test_a_change_runs_with_execute(recorders: Recorders) -> None:
    code, printed = manage(*RESTART, "--execute")
    assert (code, "Done: Restart deployment api" in printed) == (0, True)
    assert recorders.argvs()[0] == ["kubectl", "rollout", "restart", "deployment/api", "-n", "homelab"]


def test_the_hash_of_a_plan_confirms_it(recorders: Recorders) -> None:
    code, printed = manage(*ZERO)
    confirmation = printed.rpartition("--confirm ")[2].split()[0]
    assert (code, len(confirmation)) == (0, 41)
    assert manage(*ZERO, "--execute")[0] == 4
    assert manage(*ZERO, "--execute", "--confirm", confirmation)[0] == 0
    assert manage("scale", "deployment", "b", *ZERO[3:], "--execute", "--confirm", confirmation)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status", "deployment", "api", "-n", "nowhere"], 3),
        (["scale", "deployment", "api", "-n", "homelab", "--replicas", "many"], 2),
        (["scale", "deployment", "api", "-n", "homelab", "--timeout", "0"], 3),
        (["status"], 2),
    ],
)
def test_exit_codes_tell_what_was_wrong_apart(recorders: Recorders, arguments: list[str], code: int) -> None:
    assert manage(*arguments)[0] == code


def test_what_failed_and_what_took_too_long_have_exit_codes_of_their_own(recorders: Recorders) -> None:
    recorders.add(["kubectl"], code=1)
    assert manage("status", "deployment", "api", "-n", "homelab")[0] == 1
    path = recorders.directory / "kubectl"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    assert manage("status", "deployment", "api", "-n", "homelab", "--timeout", "1")[0] == 5


def test_a_command_that_is_ended_ends_what_it_runs_and_says_so_in_the_log(
    recorders: Recorders, workplace: Path
) -> None:
    pid = workplace / "pid"
    (recorders.directory / "kubectl").write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 600\n")
    command = subprocess.Popen(
        [sys.executable, MANAGE, "k8s", *RESTART, "--execute"], env=environment(), stderr=subprocess.DEVNULL
    )
    eventually(lambda: pid.exists() and pid.read_text().strip() != "", 60)
    command.terminate()
    assert command.wait(60) != 0
    # Whoever inherits what has ended takes a moment to notice.
    eventually(lambda: not psutil.pid_exists(int(pid.read_text())))
    [line] = audited()
    assert (line["intent"], line["dryRun"], line["status"]) == ("restart", False, "failed")


def test_json_is_all_that_a_program_gets(recorders: Recorders) -> None:
    found = answer("gh-pr-view", "pull-request", "--pr-number", "126", "--comments")
    assert found["status"] == "done"
    assert found["plan"]["argv"] == [["gh", "pr", "view", "126", "--comments", "--repo", "owner/name"]]
    assert {"operationId", "plan", "validation", "status", "result"} <= set(found)
    assert [line["operationId"] for line in audited()] == [found["operationId"]]


def test_a_name_that_looks_like_an_option_is_refused_or_wrong(recorders: Recorders) -> None:
    assert manage("-n", "homelab", "--", "status", "deployment", "--all")[0] == 3
    assert manage("status", "deployment", "--all", "-n", "homelab")[0] == 2
    assert recorders.calls() == []


def test_the_command_is_small_and_quick(recorders: Recorders) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "k8s", *RESTART],
        env={**environment(), "PYTHONPATH": str(Path(MANAGE).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, kibibytes = done.stdout.split()[-2:]
    assert float(seconds) < 1.5
    assert int(kibibytes) < 60 * 1024

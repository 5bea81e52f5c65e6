import sys
import time
from pathlib import Path

import psutil
import pytest

from k8s.plan import Step
from k8s.runner import KEPT_BYTES, run
from tests.k8s.conftest import ask
from tests.waiting import eventually


def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    """Have a Python script stand for kubectl."""
    path = tmp_path / "kubectl-of-the-test"
    path.write_text(f"#!{sys.executable} -IS\nimport os, signal, subprocess, sys, time\n{body}\n")
    path.chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(path))


def test_a_step_that_takes_too_long_is_ended_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    program(
        monkeypatch,
        tmp_path,
        f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
print("so far", flush=True)
time.sleep(600)
""",
    )
    outcome = run(Step(("kubectl", "get"), 3))
    assert (outcome.code, outcome.timed_out, outcome.stdout) == (124, True, "so far\n")
    eventually(lambda: not any(psutil.pid_exists(int(pid)) for pid in pids.read_text().split()))


def test_what_the_program_left_running_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, 'subprocess.Popen(["sleep", "600"]); print("done")')
    started = time.monotonic()
    outcome = run(Step(("kubectl", "get"), 60))
    assert (outcome.code, outcome.stdout) == (0, "done\n")
    assert time.monotonic() - started < 30


def test_a_flood_of_output_fills_no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, "while True: os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)")
    before = psutil.Process().memory_info().rss
    outcome = run(Step(("kubectl", "get"), 2))
    assert (len(outcome.stdout), len(outcome.stderr)) == (KEPT_BYTES, KEPT_BYTES)
    assert (outcome.flooded, outcome.timed_out) == (True, True)
    assert psutil.Process().memory_info().rss - before < 32 * 1024 * 1024


def test_output_is_cut_and_the_newest_lines_of_a_log_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, "[print('line', n) for n in range(1000)]; sys.stderr.write('e' * 3000)")
    log = ask("logs", "pod", namespace="homelab", name="x")["result"]
    assert (len(log["stdout"]), len(log["stderr"]), log["truncated"]) == (4000, 2000, True)
    assert log["stdout"].endswith("line 999\n")
    described = ask("describe", "pod", namespace="homelab", name="x")["result"]
    assert described["stdout"].startswith("line 0\n")
    assert described["stdoutDigest"] == log["stdoutDigest"]


def test_bytes_that_are_no_text_are_shown_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, r"os.write(1, b'a\xff\xfeb')")
    assert run(Step(("kubectl", "get"))).stdout == "a\ufffd\ufffdb"


def test_a_program_that_reads_waits_for_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(monkeypatch, tmp_path, "print(repr(sys.stdin.read()))")
    assert run(Step(("kubectl", "get"))).stdout == "''\n"
    assert run(Step(("kubectl", "create")), "given" * 1000).stdout == f"'{'given' * 1000}'\n"


def test_a_file_that_is_no_program_is_an_outcome(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x00")
    (tmp_path / "broken").chmod(0o755)
    monkeypatch.setenv("KUBECTL", str(tmp_path / "broken"))
    outcome = run(Step(("kubectl", "get")))
    assert (outcome.code, "cannot be started" in outcome.stderr) == (127, True)

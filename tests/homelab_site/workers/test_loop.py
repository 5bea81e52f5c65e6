import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from prometheus_client import REGISTRY

from homelab_site.stack.child import free_port
from homelab_site.workers import loop, pauses
from homelab_site.workers.liveness import LivenessFile, heartbeats
from homelab_site.workers.loop import run_worker, run_workers
from homelab_site.workers.worker import Worker
from tests.homelab_site.workers.scripted import ScriptedWorker, Step, away, rest, work
from tests.waiting import eventually

# In trouble a worker also gives up a connection that is not good any more, if an earlier test has left one.
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """`run_workers` takes the process's signals; give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def run(tmp_path: Path, *steps: Step) -> ScriptedWorker:
    """Run one worker through its steps."""
    stop = Event()
    worker = ScriptedWorker("scripted", *steps, stop=stop)
    run_worker(worker, stop, LivenessFile(tmp_path, "scripted"))
    return worker


def run_all(tmp_path: Path, *workers: Worker) -> int:
    def giving(worker: Worker) -> Callable[[], Worker]:
        return lambda: worker

    return run_workers([(worker.name, giving(worker)) for worker in workers], tmp_path)


def ask_to_end(number: int = signal.SIGTERM) -> bool:
    os.kill(os.getpid(), number)
    return True


def announced_pauses(caplog: pytest.LogCaptureFixture) -> list[float]:
    return [float(pause) for pause in re.findall(r"next attempt in ([\d.]+) s", caplog.text)]


def test_a_worker_is_stepped_until_the_flag_is_set_and_then_closed(tmp_path: Path) -> None:
    worker = run(tmp_path, work, rest, work)
    assert worker.taken == 3
    assert worker.closed.is_set()


def test_a_worker_whose_flag_is_set_already_is_only_closed(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    worker = ScriptedWorker("scripted", work)
    run_worker(worker, stop, LivenessFile(tmp_path, "scripted"))
    assert worker.taken == 0
    assert worker.closed.is_set()


def test_trouble_is_waited_out_and_said_on_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    worker = run(tmp_path, away("no\n  route"), work)
    assert worker.taken == 2
    assert "scripted: ConnectionError: no route; next attempt in 0.1 s" in caplog.text
    assert "scripted: goes on" in caplog.text


def test_trouble_is_counted(tmp_path: Path) -> None:
    def retries() -> float:
        return REGISTRY.get_sample_value("homelab_retries_total", {"worker": "scripted"}) or 0

    before = retries()
    run(tmp_path, away(), away(), work)
    assert retries() == before + 2


def test_pauses_grow_while_trouble_lasts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(tmp_path, away(), away(), away())
    first, second, third = announced_pauses(caplog)
    assert first <= 0.1 <= second <= 0.2 <= third <= 0.4


def test_pauses_grow_where_quiet_steps_come_between(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A broker that refuses a login takes the connection first."""
    run(tmp_path, away(), rest, away(), rest, away())
    assert announced_pauses(caplog)[2] >= 0.2
    assert "goes on" not in caplog.text


def test_pauses_are_short_again_after_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(tmp_path, away(), away(), work, away())
    assert announced_pauses(caplog)[2] <= 0.1


def test_pauses_are_short_again_after_a_calm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CALM_SECONDS", 0.0)
    run(tmp_path, away(), away(), rest, away())
    assert announced_pauses(caplog)[2] <= 0.1


def test_a_pause_shows_signs_of_life_and_ends_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "FIRST_SECONDS", 600.0)
    stop, worker = Event(), ScriptedWorker("paused", away())
    file = LivenessFile(tmp_path, "paused")
    thread = threading.Thread(target=run_worker, args=(worker, stop, file))
    thread.start()
    eventually(lambda: worker.taken == 1 and file.path.exists())

    file.path.unlink()
    eventually(file.path.exists)
    stop.set()
    thread.join(30)

    assert not thread.is_alive()
    assert worker.closed.is_set()


def test_a_step_that_did_something_is_timed(tmp_path: Path) -> None:
    def steps() -> float:
        return REGISTRY.get_sample_value("homelab_step_seconds_count", {"worker": "scripted"}) or 0

    before = steps()
    run(tmp_path, work, rest, work)
    assert steps() == before + 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_workers_with_status_0(tmp_path: Path, number: int) -> None:
    first, second = ScriptedWorker("first", lambda: ask_to_end(number)), ScriptedWorker("second", work)
    assert run_all(tmp_path, first, second) == 0
    assert first.closed.is_set()
    assert second.closed.is_set()


def test_a_defect_ends_all_workers_with_status_1(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sound, broken = ScriptedWorker("sound", work), ScriptedWorker("broken", work, lambda: bool(1 // 0))
    assert run_all(tmp_path, sound, broken) == 1
    assert sound.closed.is_set()
    assert "broken: failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_worker_that_cannot_be_made_ends_all_with_status_1(tmp_path: Path) -> None:
    sound = ScriptedWorker("sound", work)

    def make() -> Worker:
        raise LookupError("nothing to make it of")

    assert run_workers([("sound", lambda: sound), ("unmade", make)], tmp_path) == 1
    assert sound.closed.is_set()


def test_a_worker_that_fails_to_close_gives_status_1(tmp_path: Path) -> None:
    class Clinging(ScriptedWorker):
        def close(self) -> None:
            raise LookupError("lost the key")

    assert run_all(tmp_path, Clinging("clinging", ask_to_end)) == 1


HANGING = """
import django, pathlib, sys, threading
django.setup()
from homelab_site.workers import loop
from tests.homelab_site.workers.scripted import ScriptedWorker
from tests.homelab_site.workers.test_loop import ask_to_end

class Hanging(ScriptedWorker):
    def close(self):
        threading.Event().wait()

loop.CLOSE_SECONDS = 0.2
hanging, sound = Hanging("hanging", ask_to_end), ScriptedWorker("sound")
sys.exit(loop.run_workers([("hanging", lambda: hanging), ("sound", lambda: sound)], pathlib.Path(sys.argv[1])))
"""


def test_a_worker_that_does_not_finish_in_time_does_not_keep_the_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING, str(tmp_path)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "homelab_site.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "hanging: did not finish within 0 s" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_liveness_files_are_there_while_workers_run_and_gone_afterwards(tmp_path: Path) -> None:
    seen: list[str] = []

    def look() -> bool:
        seen.extend(path.name for path in tmp_path.iterdir())
        return ask_to_end()

    assert run_all(tmp_path, ScriptedWorker("looking", rest, look)) == 0
    assert seen == ["looking.alive"]
    assert list(tmp_path.iterdir()) == []


def test_a_worker_shows_no_sign_of_life_before_its_first_step_is_done(tmp_path: Path) -> None:
    """The one-machine stack is ready when there is one."""
    seen: list[Path] = []

    def look() -> bool:
        seen.extend(tmp_path.iterdir())
        return ask_to_end()

    assert run_all(tmp_path, ScriptedWorker("looking", look)) == 0
    assert seen == []


def test_a_run_directory_that_is_none_ends_the_process_with_status_1(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    sound = ScriptedWorker("sound")
    assert run_all(tmp_path / "run", sound) == 1


def test_workers_send_heartbeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "HEARTBEAT_EVERY_SECONDS", 0.0)
    names = ["beating", "and-beating"]

    def end_once_both_were_heard() -> bool:
        eventually(lambda: set(heartbeats(names)) == set(names))
        return ask_to_end()

    assert run_all(tmp_path, ScriptedWorker(names[0], rest, end_once_both_were_heard), ScriptedWorker(names[1])) == 0
    beat = heartbeats(names)["beating"]
    assert (beat.name, beat.pid) == ("beating", os.getpid())
    assert beat.started <= beat.at


def test_a_worker_that_is_stuck_sends_no_heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "HEARTBEAT_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(loop, "STUCK_SECONDS", 0.0)

    def end_once_the_sound_one_was_heard() -> bool:
        os.utime(tmp_path / "stuck.alive", (0, 0))
        monkeypatch.setattr(loop, "STUCK_SECONDS", 60.0)
        eventually(lambda: "not-stuck" in heartbeats(["not-stuck"]))
        return ask_to_end()

    stuck, sound = ScriptedWorker("stuck", rest, end_once_the_sound_one_was_heard), ScriptedWorker("not-stuck")
    assert run_all(tmp_path, stuck, sound) == 0
    assert heartbeats(["stuck"]) == {}


def test_a_valkey_that_is_away_harms_nothing(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"},
    }
    monkeypatch.setattr(loop, "HEARTBEAT_EVERY_SECONDS", 0.0)
    worker = ScriptedWorker("unheard", *[work] * 100, ask_to_end)
    assert run_all(tmp_path, worker) == 0
    assert worker.taken == 101


def test_a_cache_that_cannot_be_used_at_all_ends_the_process_instead_of_hanging(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "HEARTBEAT_EVERY_SECONDS", 0.0)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "nonsense"}}
    worker = ScriptedWorker("sound")
    with pytest.raises(ValueError, match="Redis URL"):
        run_all(tmp_path, worker)
    assert worker.closed.is_set()

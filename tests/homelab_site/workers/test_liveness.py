import os
import time
from pathlib import Path

import pytest

from homelab_site.workers import liveness
from homelab_site.workers.liveness import Heartbeat, LivenessFile, heartbeats, send_heartbeats


def test_a_file_that_was_never_touched_has_no_age(tmp_path: Path) -> None:
    assert LivenessFile(tmp_path / "run", "sink").age() is None


def test_the_directory_is_made_with_the_file(tmp_path: Path) -> None:
    file = LivenessFile(tmp_path / "var" / "run", "sink")
    file.touch()
    assert file.path == tmp_path / "var" / "run" / "sink.alive"
    assert file.path.exists()


def test_the_age_is_in_seconds(tmp_path: Path) -> None:
    file = LivenessFile(tmp_path, "sink")
    file.touch()
    os.utime(file.path, (time.time() - 90,) * 2)
    assert file.age() == pytest.approx(90, abs=1)


def test_a_busy_loop_touches_the_file_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LivenessFile(tmp_path, "sink")
    file.touch()
    os.utime(file.path, (0, 0))
    file.touch()
    assert file.path.stat().st_mtime == 0
    monkeypatch.setattr(liveness, "TOUCH_SECONDS", 0.0)
    file.touch()
    assert file.path.stat().st_mtime > 0


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    file = LivenessFile(tmp_path, "sink")
    file.touch()
    file.remove()
    file.remove()
    assert not file.path.exists()


def test_heartbeats_come_back_as_they_were_sent() -> None:
    beats = [Heartbeat(name, 12.5, "pi", 42, 3.25) for name in ("beat-one", "beat-two")]
    send_heartbeats(beats)
    assert heartbeats(["beat-one", "beat-two", "beat-none"]) == {beat.name: beat for beat in beats}


def test_a_process_without_workers_alive_sends_nothing() -> None:
    send_heartbeats([])
    assert heartbeats([]) == {}

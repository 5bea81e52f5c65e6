"""What dies in a running stack is brought back, as often as is sensible."""

import sys
from pathlib import Path

import psutil
import pytest

from homelab_site.stack import parts
from homelab_site.stack.child import StackError
from homelab_site.stack.parts import Part
from homelab_site.stack.services import Kafka, Mqtt
from tests.homelab_site.stack.small import Stack, Start, python, watched, without
from tests.waiting import eventually


def test_a_part_that_dies_is_brought_back(new_stack: Start) -> None:
    stack = new_stack()
    stack.supervisor.start()
    killed = stack.pid("workers")
    psutil.Process(killed).kill()
    with watched(stack):
        eventually(lambda: stack.pid("workers") != killed)
    assert "a workers of the test ended (status -9); starting it again (its log is " in "\n".join(stack.said)


def test_a_part_that_keeps_dying_ends_the_stack_with_what_it_last_said(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "CELERY", python("celery", "raise SystemExit('the kettle is broken')"))
    stack = new_stack()
    stack.supervisor.start()
    with pytest.raises(StackError, match=r"(?s)ended \(status 1\) 6 times within a minute; .*the kettle is broken"):
        stack.supervisor.watch()


def kill(stack: Stack, *names: str) -> None:
    for process in [psutil.Process(stack.pid(name)) for name in names]:
        process.kill()


def counted(name: str, file: Path, *, first: str = "0", then: str = "0") -> Part:
    """Return a part that adds a line to a file between two pieces of code; the second has `n`, the number of lines."""
    count = f"f = open({str(file)!r}, 'a+'); f.write('x\\n'); f.seek(0); n = len(f.readlines()); f.close()"
    return python(name, f"{first}; {count}; {then}")


def lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def test_services_that_die_together_all_start_before_the_stack_is_prepared_once(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(monkeypatch, Kafka)
    without(monkeypatch, Mqtt)
    connect = "import os, socket; from urllib.parse import urlsplit; " + "; ".join(
        f"u = urlsplit({url}); socket.create_connection((u.hostname, u.port)).close()"
        for url in ("'//' + os.environ['KAFKA_BROKERS']", "os.environ['MQTT_URL']")
    )
    monkeypatch.setattr(parts, "PREPARE", counted("prepare", tmp_path / "runs", first=connect))
    stack = new_stack()
    stack.supervisor.start()
    kill(stack, "kafka", "mqtt")
    with watched(stack) as ends:
        eventually(lambda: ends or lines(tmp_path / "runs") == 2)
    assert ends == []
    assert not [line for line in stack.said if "failed" in line]


def test_a_service_that_fails_to_start_again_is_tried_until_it_does(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(monkeypatch, Kafka)
    stack = new_stack()
    stack.supervisor.start()
    argv = Kafka.argv
    failing = counted("kafka", tmp_path / "starts", then="raise SystemExit('the old one still ends')").argv

    def fails_twice(service: Kafka) -> list[str]:
        return argv(service) if (tmp_path / "starts").exists() and lines(tmp_path / "starts") > 1 else list(failing)

    monkeypatch.setattr(Kafka, "argv", fails_twice)
    kill(stack, "kafka")
    with watched(stack) as ends:
        eventually(lambda: ends or stack.said[-1].startswith("preparing"))
    assert ends == []
    assert len([line for line in stack.said if "the old one still ends" in line]) == 2
    assert len([line for line in stack.said if line.startswith("Kafka (Tansu) ended; starting it again")]) == 3


def test_a_service_that_never_starts_again_ends_the_stack(new_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, Kafka)
    stack = new_stack()
    stack.supervisor.start()
    monkeypatch.setattr(Kafka, "argv", lambda self: [sys.executable, "-c", "raise SystemExit('no memory for a log')"])
    kill(stack, "kafka")
    with pytest.raises(StackError, match=r"(?s)^Kafka \(Tansu\) ended 6 times within a minute.*no memory for a log"):
        stack.supervisor.watch()


def test_what_cannot_be_prepared_after_a_death_is_tried_again(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(monkeypatch, Kafka)
    monkeypatch.setattr(parts, "PREPARE", counted("prepare", tmp_path / "runs", then="raise SystemExit(n in (2, 3))"))
    stack = new_stack()
    stack.supervisor.start()
    kill(stack, "kafka")
    with watched(stack) as ends:
        eventually(lambda: ends or lines(tmp_path / "runs") == 4)
    assert ends == []
    assert len([line for line in stack.said if line.startswith("Preparing a prepare of the test failed; ")]) == 2


def test_what_can_never_be_prepared_after_a_death_ends_the_stack(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(monkeypatch, Kafka)
    monkeypatch.setattr(parts, "PREPARE", counted("prepare", tmp_path / "runs", then="raise SystemExit(n > 1)"))
    stack = new_stack()
    stack.supervisor.start()
    kill(stack, "kafka")
    with pytest.raises(StackError, match=r"^Preparing a prepare of the test failed 6 times within a minute"):
        stack.supervisor.watch()

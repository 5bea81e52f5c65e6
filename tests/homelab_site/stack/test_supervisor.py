"""The supervisor with parts that start at once, and no services of its own but those that a test asks for."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from homelab_site.stack import parts, supervisor
from homelab_site.stack.child import Child, StackError, free_port
from homelab_site.stack.services import SERVICES, Kafka
from homelab_site.stack.state import (
    ProcessId,
    StackState,
    environment_of_running_stack,
    read_state,
    write_state,
)
from homelab_site.stack.supervisor import StartCancelledError
from tests.away import silent_port
from tests.homelab_site.stack.small import AT_WORK, FOR_EVER, Stack, Start, children, put_in_a_file, python, without
from tests.waiting import eventually


def test_a_stack_starts_is_found_and_stops(new_stack: Start, data_dir: Path) -> None:
    before = children()
    stack = new_stack()
    stack.supervisor.start()
    assert environment_of_running_stack(data_dir)["HOMELAB_DATA_DIR"] == str(data_dir)
    assert len(children() - before) == 3

    stack.supervisor.stop()

    assert environment_of_running_stack(data_dir) == {}
    assert children() <= before
    assert stack.said[-1] == "stopping"


def test_what_the_environment_names_is_told_to_other_commands(new_stack: Start, data_dir: Path) -> None:
    new_stack().supervisor.start()
    found = environment_of_running_stack(data_dir)
    assert found["MQTT_URL"] == os.environ["MQTT_URL"]
    assert found["TELEMETRY_SINK_DATABASE_URL"] == os.environ["TELEMETRY_SINK_DATABASE_URL"]


def test_what_files_name_is_used_as_if_the_environment_named_it(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = ["SECRET_KEY", "TELEMETRY_OWNER_DATABASE_URL", *(name for names in SERVICES.values() for name in names)]
    values = {name: os.environ[name] for name in named}
    for name in named:
        put_in_a_file(monkeypatch, name, tmp_path)
    stack = new_stack()
    stack.supervisor.start()
    state = read_state(stack.supervisor.data_dir)
    assert state
    assert state.children.keys() == {"web", "workers", "celery"}
    of_a_child = psutil.Process(stack.pid("workers")).environ()
    for found in (state.environment, of_a_child):
        assert {name: found[name] for name in named} == values
    assert not any(of_a_child.get(f"{name}_FILE") for name in named)


def test_an_empty_file_names_no_service(new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MQTT_URL", "")
    put_in_a_file(monkeypatch, "MQTT_URL", tmp_path)
    stack = new_stack()
    stack.supervisor.start()
    assert "starting MQTT (rumqttd)" in stack.said
    assert psutil.Process(stack.pid("workers")).environ()["MQTT_URL"].startswith("mqtt://127.0.0.1:")


def test_a_stack_starts_from_any_directory(new_stack: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "PREPARE", python("prepare", "import homelab_site"))
    new_stack().supervisor.start()


def test_two_starts_at_once_are_one_stack(new_stack: Start) -> None:
    stacks = [new_stack(), new_stack()]
    refusals: list[StackError] = []

    def start(stack: Stack) -> None:
        try:
            stack.supervisor.start()
        except StackError as error:
            refusals.append(error)

    threads = [threading.Thread(target=start, args=(stack,)) for stack in stacks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [str(error).split(" already")[0] for error in refusals] == [
        f"A stack runs in {stacks[0].supervisor.data_dir}"
    ]


def test_a_refused_start_does_not_end_the_stack_that_runs(new_stack: Start, data_dir: Path) -> None:
    first, second = new_stack(), new_stack()
    first.supervisor.start()
    with pytest.raises(StackError, match="runs in"):
        second.supervisor.start()
    second.supervisor.stop()
    assert environment_of_running_stack(data_dir) != {}
    assert second.said == []


def test_a_port_in_use_is_refused(new_stack: Start) -> None:
    with silent_port() as port:
        stack = new_stack(port)
        with pytest.raises(StackError, match=rf"^Port {port} is in use\. Choose another with --port"):
            stack.supervisor.start()


def test_a_part_that_does_not_stop_is_killed(new_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    monkeypatch.setattr(parts, "WORKERS", python("workers", deaf + AT_WORK + FOR_EVER))
    stack = new_stack()
    stack.supervisor.start()
    pid = stack.pid("workers")
    stack.supervisor.stop()
    assert "workers does not stop, so it is killed" in stack.said
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("name", ["web", "WORKERS"])
def test_a_part_that_ends_at_its_start_is_named_with_what_it_last_said(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    broken = python(name.lower(), "raise SystemExit('no kettle')")
    monkeypatch.setattr(parts, name, (lambda port: broken) if name == "web" else broken)
    stack = new_stack()
    with pytest.raises(StackError, match=rf"(?s)a {name.lower()} of the test ended at its start:.*no kettle"):
        stack.supervisor.start()


def test_a_part_that_does_not_get_ready_is_named(new_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    # Until then the other part has to be ready, and this one has to have said something.
    monkeypatch.setattr(supervisor, "READY_SECONDS", 5.0)
    monkeypatch.setattr(parts, "WORKERS", python("workers", "print('warming up', flush=True)" + FOR_EVER))
    with pytest.raises(StackError, match=r"(?s)a workers of the test does not get ready:.*warming up"):
        new_stack().supervisor.start()


def test_what_cannot_be_prepared_ends_the_start(new_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PREPARE", python("prepare", "raise SystemExit('a migration is missing')"))
    before = children()
    stack = new_stack()
    with pytest.raises(StackError, match=r"(?s)^Preparing .* failed:.*a migration is missing"):
        stack.supervisor.start()
    stack.supervisor.stop()
    assert children() <= before


def test_a_start_that_is_stopped_in_the_middle_leaves_nothing(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PREPARE", python("prepare", "0" + FOR_EVER))
    before = children()
    stack = new_stack()
    threading.Timer(0.3, stack.stop.set).start()
    with pytest.raises(StartCancelledError):
        stack.supervisor.start()
    stack.supervisor.stop()
    assert children() <= before


def test_signs_of_life_of_an_earlier_stack_do_not_count(new_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "READY_SECONDS", 0.5)
    monkeypatch.setattr(parts, "WORKERS", python("workers", "0" + FOR_EVER))
    stack = new_stack()
    for name in parts.WORKER_NAMES:
        (stack.supervisor.data_dir / "run" / f"{name}.alive").touch()
    with pytest.raises(StackError, match="does not get ready"):
        stack.supervisor.start()


@pytest.mark.parametrize("leader_was_killed", [False, True])
def test_what_a_killed_stack_has_left_running_is_ended_with_all_that_it_started(
    new_stack: Start, data_dir: Path, leader_was_killed: bool
) -> None:
    left = Child("celery", python("celery", "import os; os.fork()" + FOR_EVER).argv, data_dir / "celery.log")
    left.start()
    leader = left.id
    assert leader
    write_state(data_dir, StackState({}, {"celery": leader}))
    eventually(lambda: len(leader.group()) == 2)
    if leader_was_killed:
        left.signal(signal.SIGKILL)
        left.wait(5)

    stack = new_stack()
    stack.supervisor.start()

    assert leader.group() == []
    assert "ending celery, left over from a stack that was killed" in stack.said
    left.kill()


def test_a_process_that_has_the_number_of_one_left_over_is_let_be(new_stack: Start, data_dir: Path) -> None:
    other = Child("other", python("other", "0" + FOR_EVER).argv, data_dir / "other.log")
    other.start()
    assert other.id
    write_state(data_dir, StackState({}, {"celery": ProcessId(other.id.pid, other.id.started - 60)}))
    new_stack().supervisor.start()
    assert other.is_running
    other.kill()


def test_a_service_that_cannot_start_ends_the_start_and_those_before_it(
    new_stack: Start, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, Kafka)
    monkeypatch.delenv("MQTT_URL")
    (data_dir / "mqtt").touch()
    before = children()
    stack = new_stack()
    with pytest.raises(StackError, match=r"^MQTT \(rumqttd\) cannot use .*mqtt: .*exists"):
        stack.supervisor.start()
    assert children() > before
    stack.supervisor.stop()
    assert children() <= before


def test_a_service_that_dies_at_its_start_is_said_with_its_last_words(
    new_stack: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, Kafka)
    monkeypatch.setattr(Kafka, "argv", lambda self: [sys.executable, "-c", "raise SystemExit('no memory for a log')"])
    with pytest.raises(StackError, match=r"(?s)^kafka ended at its start \(status 1\):.*no memory for a log"):
        new_stack().supervisor.start()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("stack.json", "The data directory .* cannot be used: .*stack.json"),
        ("stack.lock", "The data directory .* cannot be used: .*stack.lock"),
        ("logs", "The data directory .* cannot be used: .*logs"),
    ],
)
def test_a_data_directory_with_something_else_in_place_of_a_file_is_refused(
    new_stack: Start, data_dir: Path, name: str, sentence: str
) -> None:
    (data_dir / name).touch() if name == "logs" else (data_dir / name).mkdir()
    with pytest.raises(StackError, match=sentence):
        new_stack().supervisor.start()


def test_a_file_in_place_of_the_data_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    stack = Stack(tmp_path / "file", free_port())
    with pytest.raises(StackError, match=r"The data directory .* cannot be used: .*exists"):
        stack.supervisor.start()
    stack.supervisor.stop()
    assert stack.said == []


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"environment": 1}', '{"children": {"a": {}}}', "\xff"])
def test_a_state_that_cannot_be_read_counts_as_none(new_stack: Start, data_dir: Path, content: str) -> None:
    (data_dir / "stack.json").write_bytes(content.encode("latin-1"))
    new_stack().supervisor.start()
    assert read_state(data_dir)

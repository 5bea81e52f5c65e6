"""What a running one-machine stack says of itself, for other `manage.py` commands to find.

A file `stack.json` in the data directory, readable by its owner only, holds the processes of the stack and the
environment variables of its services. A lock on `stack.lock` says that the stack runs: it ends with its process,
however that ends. This module imports no Django, since the settings read it.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

import psutil

FILE_NAME = "stack.json"
LOCK_NAME = "stack.lock"
LOCK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told apart from a later one with the same number by its start time (Unix seconds)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        return cls(pid, psutil.Process(pid).create_time())

    def group(self) -> list[psutil.Process]:
        """Return the process and those that it started, as far as they run; it must lead a group of its own."""
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(self.pid).create_time() != self.started:
                return []  # the number is somebody else's by now
        return [process for process in psutil.process_iter() if _group_of(process) == self.pid and runs(process)]


def runs(process: psutil.Process) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except OSError:  # it has ended, or is not ours to ask
        return None


@dataclass(frozen=True, slots=True)
class StackState:
    """The variables that lead to the stack's services, and its processes by name."""

    environment: dict[str, str]
    children: dict[str, ProcessId] = field(default_factory=dict)


def read_state(data_dir: Path) -> StackState | None:
    """Return what the last stack in this directory wrote, whether or not it still runs.

    A file that cannot be understood counts as none: the next start writes it anew.
    """
    try:
        content = json.loads((data_dir / FILE_NAME).read_text())
        return StackState(
            environment=content["environment"],
            children={name: ProcessId(**child) for name, child in content["children"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_state(data_dir: Path, state: StackState) -> None:
    """Write the state as a whole, so that a reader never sees half of it."""
    scratch = data_dir / f".{FILE_NAME}"
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(asdict(state), indent=1))
    scratch.replace(data_dir / FILE_NAME)


def forget_state(data_dir: Path) -> None:
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def environment_of_running_stack(data_dir: Path) -> dict[str, str]:
    """Return the variables of the stack that runs in a data directory; empty where none runs."""
    state = read_state(data_dir) if _is_locked(data_dir) else None
    return state.environment if state else {}


def fill_environment(stack: Mapping[str, str]) -> None:
    """Set what the environment does not name, as it is or by a file, to what a running stack uses."""
    # Another telemetry database's sink and owner are not those of the stack's.
    other_telemetry = os.environ.get("TELEMETRY_DATABASE_URL") or os.environ.get("TELEMETRY_DATABASE_URL_FILE")
    for name, value in stack.items():
        if not (os.environ.get(f"{name}_FILE") or (other_telemetry and name.startswith("TELEMETRY_"))):
            os.environ.setdefault(name, value)


def lock(data_dir: Path) -> TextIO | None:
    """Take a data directory until the returned file is closed; None where another process has it."""
    file = (data_dir / LOCK_NAME).open("w")
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.05)  # `_is_locked` holds it for a moment
                continue
            file.close()
            return None
        return file


def _is_locked(data_dir: Path) -> bool:
    try:
        with (data_dir / LOCK_NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

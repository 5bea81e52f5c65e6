"""What a running one-machine stack says of itself, for other `manage.py` commands to find.

A file `stack.json` in the data directory, readable by its owner only, holds the process that runs the stack and
the environment variables of its services. It imports no Django, since the settings read it.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

FILE_NAME = "stack.json"


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told apart from a later one with the same number by its start time (Unix seconds)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """Return the process if it still runs."""
        try:
            process = psutil.Process(self.pid)
            if process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except psutil.NoSuchProcess:
            return None
        return None


@dataclass(frozen=True, slots=True)
class StackState:
    """The stack's own process, its children by name, and the variables that lead to its services."""

    supervisor: ProcessId
    environment: dict[str, str]
    children: dict[str, ProcessId] = field(default_factory=dict)


def read_state(data_dir: Path) -> StackState | None:
    """Return what the last stack in this directory wrote, whether or not it still runs.

    A file that cannot be understood counts as none: the next start writes it anew.
    """
    try:
        content = json.loads((data_dir / FILE_NAME).read_text())
        return StackState(
            supervisor=ProcessId(**content["supervisor"]),
            environment=content["environment"],
            children={name: ProcessId(**child) for name, child in content["children"].items()},
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError):
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
    state = read_state(data_dir)
    if state is None or state.supervisor.process() is None:
        return {}
    return state.environment

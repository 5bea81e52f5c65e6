"""The whole one-machine stack, as `make run` starts it, in a directory of its own."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.processes import family, running
from bench.services import TOKEN
from homelab_site.stack.child import Child, StackError, free_port
from homelab_site.stack.parts import manage
from homelab_site.stack.state import StackState, read_state

READY_SECONDS = 240.0
STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that is ready: the web server's port, the variables, and the seconds that its start took."""

    port: int
    directory: Path
    started_in: float
    supervisor: Child

    @property
    def state(self) -> StackState:
        state = read_state(self.directory)
        assert state
        return state

    @property
    def environment(self) -> Mapping[str, str]:
        return self.state.environment

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return what each service and each process of ours consists of, and the supervisor of all."""
        assert self.supervisor.id
        supervisor = psutil.Process(self.supervisor.id.pid)
        return {**{name: family(child.pid) for name, child in self.state.children.items()}, "supervisor": [supervisor]}


@contextmanager
def running_stack(*options: str) -> Iterator[Stack]:
    """Run the stack; the options are those of its command."""
    with tempfile.TemporaryDirectory(prefix="homelab-bench-", ignore_cleanup_errors=True) as name:
        directory, port, began = Path(name), free_port(), time.monotonic()
        argv = manage("homelab", "--data-dir", name, "--port", str(port), *options)
        with running("stack", argv, directory, API_DEVELOPMENT_TOKEN=TOKEN) as child:
            _wait_until_ready(child)
            try:
                yield Stack(port, directory, time.monotonic() - began, child)
            finally:
                child.signal(15)
                child.wait(STOP_SECONDS)


def _wait_until_ready(child: Child) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while "ready http" not in child.log.read_text():
        if not child.is_running or time.monotonic() > deadline:
            raise StackError(f"The stack does not get ready:\n{child.log_tail()}")
        time.sleep(0.05)

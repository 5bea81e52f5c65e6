"""A child process of the one-machine stack: its log file, its start and its end."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from homelab_site.stack.state import ProcessId

LOG_TAIL_LINES = 5
PORTS = range(20_000, 32_768)
"""They are below those that Linux and macOS give to outgoing connections."""
_turns = count(secrets.randbelow(len(PORTS)))


class StackError(Exception):
    """The stack cannot start or go on. The message is one that a newcomer can act on."""


class Child:
    """One process in a session of its own, so that a Ctrl-C at the terminal reaches only the supervisor."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self._env = {**os.environ, **(env or {})}
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                user=self._user,
                start_new_session=True,
            )

    @property
    def id(self) -> ProcessId | None:
        return ProcessId.of(self._process.pid) if self._process and self.is_running else None

    @property
    def exit_status(self) -> int | None:
        """Return the exit status of a child that has ended, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        if self.is_running:
            assert self._process
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait for the child to end; tell whether it did."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it, or what it has left behind, such as the beat of a Celery worker that was killed."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):  # nothing is left of its group, or only zombies (on macOS)
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log_tail(self) -> str:
        """Return the last lines that the child wrote."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {line}" for line in lines[-LOG_TAIL_LINES:])

    def wait_for_port(self, port: int, seconds: float) -> None:
        """Wait until the child listens; raises StackError with what it last said if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not listens(port):
            if not self.is_running:
                raise StackError(f"{self.name} ended at its start (status {self.exit_status}):\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} does not answer on port {port}:\n{self.log_tail()}")
            time.sleep(0.02)


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on, and that this process has not been given before.

    Nobody else gets it between this answer and its use, or while a server is being restarted: no client that connects
    to something, no other server of this process, and hardly one of another, whose turns begin elsewhere.
    """
    while True:
        port = PORTS[next(_turns) % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port

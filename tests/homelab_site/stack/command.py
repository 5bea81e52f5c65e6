"""The command `homelab` as a person runs it, and what it leaves running."""

import os
import re
import signal
import subprocess
from pathlib import Path

import psutil

from homelab_site.stack.child import Child
from homelab_site.stack.parts import manage
from homelab_site.stack.state import StackState, read_state
from tests.waiting import eventually

OF_THE_TESTS = (
    *("DATABASE_URL", "TELEMETRY_DATABASE_URL", "TELEMETRY_SINK_DATABASE_URL", "TELEMETRY_OWNER_DATABASE_URL"),
    *("KAFKA_BROKERS", "KAFKA_SESSION_TIMEOUT_MS", "MQTT_URL", "REDIS_URL", "SECRET_KEY", "STATIC_ROOT"),
    *("OIDC_ISSUERS", "LOCAL_LOGIN"),
)
READY_SECONDS = 90


def newcomers_environment(**variables: str) -> dict[str, str]:
    """Return an environment that names none of the services that the tests run on."""
    return {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS} | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a `manage.py` command to its end."""
    return subprocess.run(
        manage(*arguments),
        env=newcomers_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class Homelab(Child):
    """`manage.py homelab` in a process group of its own, as at a terminal."""

    def __init__(self, data_dir: Path, port: int, *arguments: str, **variables: str) -> None:
        self.data_dir = data_dir
        self.port = port
        argv = manage("homelab", "--data-dir", str(data_dir), "--port", str(port), *arguments)
        super().__init__("homelab", argv, data_dir.with_suffix(".out"))
        self._env = newcomers_environment(**variables)
        self.log.unlink(missing_ok=True)
        self.start()

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def state(self) -> StackState:
        state = read_state(self.data_dir)
        assert state
        return state

    @property
    def login(self) -> tuple[str, str]:
        """The name and the password that were printed."""
        found = re.search(r"^log in as (\S+) with the password (\S+)", self.said, re.MULTILINE)
        assert found, self.said
        return found[1], found[2]

    def until_said(self, words: str) -> "Homelab":
        def said() -> bool:
            assert words in self.said or self.is_running, self.said
            return words in self.said

        eventually(said, READY_SECONDS)
        return self

    def until_ready(self) -> "Homelab":
        self.until_said(f"ready http://127.0.0.1:{self.port}/")
        return self.until_said("log in as ")

    def press_ctrl_c(self) -> None:
        """Signal the whole process group, as a terminal does."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGINT)

    def until_ended(self) -> int:
        """Return the exit status."""
        assert self.wait(40), self.said
        assert self.exit_status is not None
        return self.exit_status


def processes_of(data_dir: Path) -> list[str]:
    """Return the command lines of all processes, whoever started them, that have to do with a data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            line, environment = " ".join(process.cmdline()), process.environ()
        except psutil.Error:
            continue  # it has ended, or is not ours to ask
        if str(data_dir) in line or environment.get("HOMELAB_DATA_DIR") == str(data_dir):
            found.append(line)
    return found

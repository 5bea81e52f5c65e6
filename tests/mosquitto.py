"""Mosquitto, the MQTT broker of the cluster, in place of the one-machine stack's."""

import os
import shutil
import signal

from homelab_site.stack.services import Mqtt
from tests.lacking import lacks
from tests.waiting import eventually

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
QUEUED_MESSAGES = 100_000


class Mosquitto(Mqtt):
    """It flags what it delivers again, takes messages of any size, and can keep its queues on disk."""

    name = "mosquitto"
    title = "MQTT (Mosquitto)"

    def argv(self) -> list[str]:
        config = self.directory / "mosquitto.conf"
        config.write_text("\n".join(self.options()) + "\n")
        return [require_mosquitto(), "-c", str(config)]

    def options(self) -> list[str]:
        return [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "max_inflight_messages 100"]


class PersistentMosquitto(Mosquitto):
    """It keeps queues and sessions in a file, which it writes when asked to and at its end."""

    def options(self) -> list[str]:
        return [
            *super().options(),
            *("persistence true", f"persistence_location {self.directory}/", "autosave_interval 0"),
            # As root it would become a user of its own, who may not write there.
            *(f"max_queued_messages {QUEUED_MESSAGES}", "user root"),
        ]

    def save(self) -> None:
        """Let it write down what it holds, and return when it has (mosquitto(8), SIGUSR1)."""
        assert self.child
        file = self.directory / "mosquitto.db"
        before = file.stat().st_mtime_ns if file.exists() else 0
        self.child.signal(signal.SIGUSR1)
        eventually(lambda: file.exists() and file.stat().st_mtime_ns != before, 10)


def require_mosquitto() -> str:
    """Return the path of the program; where there is none, the test is skipped, or fails in CI."""
    return MOSQUITTO or lacks("needs Mosquitto: apt-get install mosquitto")

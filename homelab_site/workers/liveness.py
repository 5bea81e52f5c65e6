"""Signs of life: a file that the worker's own loop touches, and a heartbeat for the status page."""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.cache import cache

TOUCH_SECONDS = 1.0
HEARTBEAT_SECONDS = 60
"""How long a heartbeat is kept; a worker without one counts as dead."""


class LivenessFile:
    """`NAME.alive` in the run directory; a probe reads its age, so a stuck loop is found out."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = directory / f"{name}.alive"
        self._touched = 0.0

    def touch(self) -> None:
        """Touch the file, at most once a second."""
        now = time.monotonic()
        if now - self._touched >= TOUCH_SECONDS:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            self._touched = now

    def age(self) -> float | None:
        """Return the seconds since the loop last came round; None before the first time."""
        try:
            return time.time() - self.path.stat().st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return None

    def remove(self) -> None:
        with suppress(FileNotFoundError, NotADirectoryError):
            self.path.unlink()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a worker's process last said: when (Unix seconds), where it runs, and since when."""

    name: str
    at: float
    host: str
    pid: int
    started: float


def send_heartbeats(beats: list[Heartbeat]) -> None:
    """Tell of several workers in one call; raises `redis.RedisError` where Valkey is away."""
    cache.set_many({_key(beat.name): asdict(beat) for beat in beats}, HEARTBEAT_SECONDS)


def heartbeats(names: list[str]) -> dict[str, Heartbeat]:
    """Return the last heartbeat of each worker that has sent one within a minute; raises `redis.RedisError`."""
    found: dict[str, dict[str, Any]] = cache.get_many([_key(name) for name in names])
    return {beat["name"]: Heartbeat(**beat) for beat in found.values()}


def _key(name: str) -> str:
    return f"worker-heartbeat:{name}"

"""The processes of ours that the one-machine stack runs, in the order in which they start."""

import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = str(Path(__file__).resolve().parents[2])
MANAGE = str(Path(PROJECT) / "manage.py")


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the stack: its name, what it is called for people, and its command line."""

    name: str
    title: str
    argv: tuple[str, ...]


def manage(*arguments: str) -> tuple[str, ...]:
    """Return the command line of a `manage.py` command."""
    return (sys.executable, MANAGE, *arguments)


PREPARE = Part("prepare", "migrations, topics and login", manage("prepare_stack"))
WORKER_NAMES = ("bridge", "sink", "settings", "outbox", "stream")
WORKERS = Part("workers", "workers", manage("runworker", *WORKER_NAMES))
CELERY = Part(
    "celery",
    "Celery with its beat",
    (
        *(sys.executable, "-m", "celery", "--app", "homelab_site", "worker", "--beat"),
        *("--pool", "solo", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
    ),
)
SIMULATOR = Part("simulator", "device simulator", manage("simulate"))


def web(port: int) -> Part:
    """Return the web server, which listens on this machine only."""
    server = (sys.executable, "-m", "daphne", "--verbosity", "0", "--bind", "127.0.0.1", "--port", str(port))
    return Part("web", "web server", (*server, "homelab_site.asgi:application"))

"""A stack of parts that start at once, for tests of the supervisor."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psutil
import pytest

from homelab_site.stack.child import StackError
from homelab_site.stack.parts import WORKER_NAMES, Part
from homelab_site.stack.services import SERVICES, Service
from homelab_site.stack.state import read_state
from homelab_site.stack.supervisor import Supervisor

WEB = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()

HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
AT_WORK = f"import os; [open(os.environ['WORKER_RUN_DIR'] + f'/{{name}}.alive', 'w') for name in {WORKER_NAMES}]"
FOR_EVER = "; import signal; signal.pause()"


def python(name: str, code: str, *arguments: str) -> Part:
    return Part(name, f"a {name} of the test", (sys.executable, "-c", code, *arguments))


class Stack:
    """A supervisor, its flag, and what it said."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.stop = Event()
        self.said: list[str] = []
        self.supervisor = Supervisor(data_dir, port, simulator=False, say=self.said.append, stop=self.stop)

    def pid(self, name: str) -> int:
        state = read_state(self.supervisor.data_dir)
        assert state
        return state.children[name].pid


Start = Callable[..., Stack]


def without(monkeypatch: pytest.MonkeyPatch, kind: type[Service]) -> None:
    """Let the environment not name a service."""
    for name in SERVICES[kind]:
        monkeypatch.delenv(name)


def put_in_a_file(monkeypatch: pytest.MonkeyPatch, name: str, directory: Path) -> None:
    """Let the environment name a file that holds the value of a variable instead."""
    (directory / name).write_text(os.environ[name] + "\n")
    monkeypatch.setenv(f"{name}_FILE", str(directory / name))
    monkeypatch.delenv(name)


@contextmanager
def watched(stack: Stack) -> Iterator[list[StackError]]:
    """Watch a stack in the background; what ends it is in the list."""
    ends: list[StackError] = []

    def watch() -> None:
        try:
            stack.supervisor.watch()
        except StackError as error:
            ends.append(error)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield ends
    finally:
        stack.stop.set()
        thread.join(30)


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}

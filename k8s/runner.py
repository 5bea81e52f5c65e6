"""Runs one argument list: no shell, a small environment, a time limit, bounded output."""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from k8s.plan import Step

KEPT_BYTES = 64 * 1024
# A namespace of a house has some dozens of pods, at about 20 KB of JSON each.
KEPT_JSON_BYTES = 8 * 1024 * 1024
CHUNK = 64 * 1024
# What a program may take to end once it has been asked to.
ENDING_SECONDS = 0.5
POLL_SECONDS = 0.05
NOT_FOUND = 127
TIMED_OUT = 124

VARIABLES = {"kubectl": "KUBECTL", "flux": "FLUX", "gh": "GH"}
FIXED = {
    "LANG": "C.UTF-8",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
}
INHERITED = ("HOME", "PATH")
CLUSTER = ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
OWN = {"kubectl": CLUSTER, "flux": CLUSTER, "gh": ("GH_TOKEN", "GITHUB_TOKEN", "GH_CONFIG_DIR")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to. `duration` is in seconds; `flooded` says that output beyond what is kept was dropped."""

    argv: tuple[str, ...]
    code: int
    duration: float
    stdout: str
    stderr: str
    flooded: bool = False
    timed_out: bool = False


@dataclass(slots=True)
class Kept:
    """The beginning of a stream, and whether there was more."""

    limit: int
    content: bytearray = field(default_factory=bytearray)
    flooded: bool = False

    def add(self, chunk: bytes) -> None:
        room = self.limit - len(self.content)
        self.content += chunk[:room]
        self.flooded = self.flooded or len(chunk) > room

    def text(self) -> str:
        return self.content.decode(errors="replace")


def run(step: Step, stdin: str = "") -> Outcome:
    """Run a step and return what it came to; a program that is not there is an outcome too (code 127).

    A step that takes longer than its time is ended with all the processes of its group (code 124).
    """
    program = step.argv[0]
    path = shutil.which(os.environ.get(VARIABLES[program]) or program)
    if path is None:
        said = f"{program} was not found; put it on PATH, or name it in {VARIABLES[program]}."
        return Outcome(step.argv, NOT_FOUND, 0.0, "", said)
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            [path, *step.argv[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment_of(program),
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(step.argv, NOT_FOUND, 0.0, "", f"{program} cannot be started: {error.strerror}.")
    limit = KEPT_JSON_BYTES if is_json(step.argv) else KEPT_BYTES
    stdout, stderr = Kept(limit), Kept(KEPT_BYTES)
    with process:
        try:
            in_time = _exchange(process, stdin.encode(), stdout, stderr, started + step.seconds)
        finally:
            _end(process)
    return Outcome(
        step.argv,
        process.returncode if in_time else TIMED_OUT,
        time.monotonic() - started,
        stdout.text(),
        stderr.text(),
        flooded=stdout.flooded or stderr.flooded,
        timed_out=not in_time,
    )


def is_json(argv: tuple[str, ...]) -> bool:
    """Tell whether the output of a step is for us to read, and not for a person."""
    return argv[-2:] == ("-o", "json")


def environment_of(program: str) -> dict[str, str]:
    """Return the environment of a program: fixed values, and those few variables that say which cluster and who."""
    names = (*INHERITED, *OWN[program])
    return {**{name: os.environ[name] for name in names if name in os.environ}, **FIXED}


def _exchange(process: subprocess.Popen[bytes], given: bytes, stdout: Kept, stderr: Kept, deadline: float) -> bool:
    """Write and read until the program has ended; return False if it has not by the deadline (monotonic seconds)."""
    assert process.stdin and process.stdout and process.stderr
    _give(process.stdin, given)
    streams: Mapping[IO[bytes], Kept] = {process.stdout: stdout, process.stderr: stderr}
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            ended = process.poll() is not None
            # What the program started can hold its pipes open; what it wrote itself is in them when it has ended.
            read = _read_some(selector, streams, 0 if ended else POLL_SECONDS)
            if ended and not read:
                return True
    return False


def _give(pipe: IO[bytes], given: bytes) -> None:
    """Write what fits: a manifest fits into a pipe, and a program that reads nothing must not hold us up."""
    os.set_blocking(pipe.fileno(), False)
    with suppress(BrokenPipeError, BlockingIOError), pipe:
        pipe.write(given)


def _read_some(selector: selectors.BaseSelector, streams: Mapping[IO[bytes], Kept], seconds: float) -> bool:
    if not selector.get_map():
        time.sleep(seconds)
        return False
    read = False
    for key, _ in selector.select(seconds):
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment] # what was registered above
        chunk = os.read(stream.fileno(), CHUNK)
        if chunk:
            streams[stream].add(chunk)
            read = True
        else:
            selector.unregister(stream)
    return read


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the program's process group, politely at first."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_SECONDS)
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)

"""The loop that runs workers, written once: signals, pauses, liveness, metrics, and the end.

Each worker has a thread. SIGTERM and SIGINT set a flag; the workers see it between steps, close, and the process
ends with status 0 within `CLOSE_SECONDS`. If a worker ends by an exception, all end, and the status is 1, so
that the platform restarts the process.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from django.db import close_old_connections
from redis import RedisError

from homelab_site.workers.liveness import Heartbeat, LivenessFile, send_heartbeats
from homelab_site.workers.metrics import RETRIES, STEP_SECONDS
from homelab_site.workers.pauses import GrowingPauses
from homelab_site.workers.worker import Worker

log = logging.getLogger(__name__)

CLOSE_SECONDS = 7.0
CALM_SECONDS = 30.0
"""How long a worker with nothing to do must be without trouble until its pauses are short again."""
HEARTBEAT_EVERY_SECONDS = 5.0
STUCK_SECONDS = 30.0


def run_worker(worker: Worker, stop: Event, liveness: LivenessFile) -> None:
    """Step until the flag is set, then close. Trouble outside is waited out with growing pauses."""
    pauses = GrowingPauses()
    troubled_at: float | None = None
    while not stop.is_set():
        started = time.monotonic()
        try:
            worked = worker.step()
        except worker.trouble as error:
            RETRIES.labels(worker.name).inc()
            pause = pauses.next()
            log.warning("%s: %s; next attempt in %.1f s", worker.name, _one_line(error), pause)
            # Django would go on with a connection that the database has ended.
            close_old_connections()
            _pause(pause, stop, liveness)
            troubled_at = time.monotonic()
            continue
        liveness.touch()
        if worked:
            STEP_SECONDS.labels(worker.name).observe(time.monotonic() - started)
        # A broker can take each connection and refuse it in the next step, so a quiet step does not prove much.
        if troubled_at is not None and (worked or time.monotonic() - troubled_at >= CALM_SECONDS):
            log.info("%s: goes on", worker.name)
            pauses.reset()
            troubled_at = None
    worker.close()


def run_workers(factories: Sequence[tuple[str, Callable[[], Worker]]], run_dir: Path) -> int:
    """Run workers until a signal comes or one of them fails; return the process's exit status."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pool = ThreadPoolExecutor(len(factories), thread_name_prefix="worker")
    files = {name: LivenessFile(run_dir, name) for name, _ in factories}
    running = {pool.submit(_make_and_run, make, stop, files[name]): name for name, make in factories}
    try:
        _watch(set(running), files, stop)
    finally:
        stop.set()
        failed = _finish(running, files)
    return 1 if failed else 0


def _finish(running: dict[Future[None], str], files: dict[str, LivenessFile]) -> list[str]:
    """Wait for the workers to end and return those that failed; where one hangs, the process ends here."""
    _, unfinished = wait(running, timeout=CLOSE_SECONDS)
    failed = [name for future, name in running.items() if future not in unfinished and _failure(future, name)]
    for future in unfinished:
        log.error("%s: did not finish within %.0f s", running[future], CLOSE_SECONDS)
    for file in files.values():
        file.remove()
    if unfinished:
        # A thread that hangs would keep the process from ending.
        sys.stdout.flush()
        os._exit(1)
    return failed


def _make_and_run(make: Callable[[], Worker], stop: Event, liveness: LivenessFile) -> None:
    worker = make()
    log.info("%s: started", worker.name)
    run_worker(worker, stop, liveness)
    log.info("%s: stopped", worker.name)


def _watch(running: set[Future[None]], files: dict[str, LivenessFile], stop: Event) -> None:
    """Send heartbeats until the flag is set or a worker ends."""
    started = time.time()
    beat_due = 0.0
    while not stop.is_set():
        if time.monotonic() >= beat_due:
            _send_heartbeats(files, started)
            beat_due = time.monotonic() + HEARTBEAT_EVERY_SECONDS
        if wait(running, timeout=0.2, return_when=FIRST_COMPLETED).done:
            return


def _send_heartbeats(files: dict[str, LivenessFile], started: float) -> None:
    ages = {name: file.age() for name, file in files.items()}
    alive = [name for name, age in ages.items() if age is not None and age < STUCK_SECONDS]
    try:
        send_heartbeats([Heartbeat(name, time.time(), socket.gethostname(), os.getpid(), started) for name in alive])
    except RedisError as error:
        # The status page misses a beat; the readings do not.
        log.debug("no heartbeat: %s", error)


def _failure(future: Future[None], name: str) -> bool:
    error = future.exception()
    if error:
        log.critical("%s: failed", name, exc_info=error)
    return error is not None


def _pause(seconds: float, stop: Event, liveness: LivenessFile) -> None:
    """Wait, with signs of life: a worker whose broker is away is not stuck."""
    deadline = time.monotonic() + seconds
    while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
        liveness.touch()
        stop.wait(min(left, 1.0))


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())

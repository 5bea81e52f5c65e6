"""Starts the one-machine stack, watches it, and stops it with nothing left running."""

import os
import signal
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from typing import TextIO

import psutil
from django.conf import settings

from homelab_site import env
from homelab_site.stack import parts, secrets
from homelab_site.stack.child import Child, StackError, listens
from homelab_site.stack.parts import Part
from homelab_site.stack.services import SERVICES, Identity, Postgres, Service, named_services
from homelab_site.stack.state import StackState, forget_state, lock, read_state, runs, write_state
from homelab_site.static_files import collect_our_own

READY_SECONDS = 60.0
PREPARE_SECONDS = 120.0
STOP_SECONDS = 12.0
WATCH_SECONDS = 0.5
RETRY_SECONDS = 0.5
DEATHS_ALLOWED = 5
DEATHS_WINDOW_SECONDS = 60.0


class StartCancelledError(Exception):
    """The stack was asked to stop while it was starting."""


def already_running(data_dir: Path) -> str:
    return f"A stack runs in {data_dir} already; stop it, or choose another --data-dir."


class Supervisor:
    """Owns the services and processes of the stack in one data directory."""

    def __init__(self, data_dir: Path, port: int, *, simulator: bool, say: Callable[[str], None], stop: Event) -> None:
        self.data_dir = data_dir
        self.port = port
        self.environment: dict[str, str] = {}
        self._say = say
        self._stop = stop
        self._lock: TextIO | None = None
        self._runs = False
        self._prepared = False
        self._services: list[Service] = []
        self._parts = [parts.web(port), parts.WORKERS, parts.CELERY, *([parts.SIMULATOR] if simulator else [])]
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, deque[float]] = defaultdict(deque)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def identity(self) -> Identity | None:
        """The identity provider, unless the environment names another."""
        return next((service for service in self._services if isinstance(service, Identity)), None)

    @property
    def _run_dir(self) -> Path:
        return Path(self.environment["WORKER_RUN_DIR"])

    def start(self) -> None:
        """Start everything and return when the web server is ready.

        Raises StackError where something cannot start, and StartCancelledError where the stop flag was set
        meanwhile; `stop` must be called in either case.
        """
        self._take_data_dir()
        if listens(self.port):
            raise StackError(f"Port {self.port} is in use. Choose another with --port, or stop what listens there.")
        for service in self._missing_services():
            self._step(f"starting {service.title}")
            self._services.append(service)
            self._launch_service(service)
        collect_our_own()
        for service in self._services:
            self._raise_if_stopped()
            if service.needed_to_prepare:
                self._wait_for_service(service)
            self.environment.update(service.environment())
        self._environment_of_processes()
        for sign_of_life in self._run_dir.glob("*.alive"):
            sign_of_life.unlink()
        # The web server takes as long to start as the databases to prepare, and needs them only when it is asked.
        web, *others = self._parts
        self._step(f"starting {web.title}")
        self._spawn(web)
        self._prepare()
        for part in others:
            self._step(f"starting {part.title}")
            self._spawn(part)
        for service in self._services:
            if not service.needed_to_prepare:
                self._wait_for_service(service)
        self._wait_until_ready()

    def watch(self) -> None:
        """Bring back what dies until the stop flag is set; raises StackError where something keeps dying."""
        while not self._stop.wait(WATCH_SECONDS):
            with suppress(StartCancelledError):
                self._revive_services()
            for part in self._parts:
                child = self._children[part.name]
                if not child.is_running:
                    self._note_death(part.name, f"{part.title} ended (status {child.exit_status})", child)
                    self._spawn(part)

    def stop(self) -> None:
        """End the processes, then the services, newest first."""
        if self._runs:
            self._say("stopping")
            self._stop_processes()
            for service in reversed(self._services):
                service.stop()
            with suppress(OSError):  # without the lock, what it says counts for nothing
                forget_state(self.data_dir)
        if self._lock:
            self._lock.close()

    def _stop_processes(self) -> None:
        children = self._children.values()
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            if not child.wait(max(0.0, deadline - time.monotonic())):
                self._say(f"{child.name} does not stop, so it is killed")
            child.kill()

    def _take_data_dir(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            (self.data_dir / "logs").mkdir(exist_ok=True)
            self._lock = lock(self.data_dir)
            if self._lock is None:
                raise StackError(already_running(self.data_dir))
            self._end_left_over()
            self._remember()
            self._runs = True
        except OSError as error:
            raise StackError(f"The data directory {self.data_dir} cannot be used: {error}") from error

    def _end_left_over(self) -> None:
        """End what a stack that was killed has left running."""
        left = read_state(self.data_dir)
        for name, child in left.children.items() if left else ():
            processes = child.group()
            if processes:
                self._say(f"ending {name}, left over from a stack that was killed")
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGINT if name == Postgres.name else signal.SIGKILL)
            deadline = time.monotonic() + STOP_SECONDS
            while any(runs(process) for process in processes):
                if time.monotonic() > deadline:
                    raise StackError(f"{name} (process {child.pid}) is left over, and does not end.")
                time.sleep(0.05)

    def _missing_services(self) -> Sequence[Service]:
        """Return the services that no variable names a real one for."""
        wanted = [kind for kind, names in SERVICES.items() if not all(env.text(name) for name in names)]
        return [kind(self.data_dir / kind.name) for kind in wanted]

    def _launch_service(self, service: Service) -> None:
        try:
            service.launch()
        except OSError as error:
            raise StackError(f"{service.title} cannot use {service.directory}: {error}") from error
        self._remember()

    def _wait_for_service(self, service: Service) -> None:
        try:
            service.wait_until_ready()
        except OSError as error:
            raise StackError(f"{service.title} cannot use {service.directory}: {error}") from error

    def _environment_of_processes(self) -> None:
        """Bring together what was started and what the environment names, which counts more."""
        if env.text("TELEMETRY_DATABASE_URL"):
            # Its sink and owner are the real server's too, named or not.
            self.environment = {name: v for name, v in self.environment.items() if not name.startswith("TELEMETRY")}
        defaults = {
            **self.environment,
            "SECRET_KEY": secrets.secret_key(self.data_dir),
            "STATIC_ROOT": str(settings.STATIC_ROOT),
            "WORKER_RUN_DIR": str(self.data_dir / "run"),
            "HTTPS": "false",
            "LOCAL_LOGIN": "true",
            "PYTHONUNBUFFERED": "1",
        }
        self.environment = {
            **{name: env.text(name) or value for name, value in defaults.items()},
            **named_services(),
            "HOMELAB_DATA_DIR": str(self.data_dir),
        }
        self._remember()

    def _prepare(self) -> None:
        """Bring both databases up to date, make the topics and the login."""
        self._step(f"preparing {parts.PREPARE.title}")
        child = self._spawn(parts.PREPARE, LOGIN_PASSWORD=secrets.login_password(self.data_dir))
        deadline = time.monotonic() + PREPARE_SECONDS
        while not child.wait(0.1):
            self._raise_if_stopped()
            if time.monotonic() > deadline:
                raise StackError(f"Preparing {parts.PREPARE.title} takes too long:\n{child.log_tail()}")
        if child.exit_status:
            raise StackError(f"Preparing {parts.PREPARE.title} failed:\n{child.log_tail()}")
        self._prepared = True
        del self._children[parts.PREPARE.name]
        self._remember()

    def _spawn(self, part: Part, **extra: str) -> Child:
        log = self.data_dir / "logs" / f"{part.name}.log"
        files = {f"{name}_FILE": "" for name in self.environment}  # they are read already
        # Daphne and Celery look for our modules in the working directory, which can be any.
        python = {"PYTHONPATH": os.pathsep.join([parts.PROJECT, *filter(None, [os.environ.get("PYTHONPATH")])])}
        child = Child(part.name, part.argv, log, env={**self.environment, **files, **python, **extra})
        child.start()
        self._children[part.name] = child
        self._remember()
        return child

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while late := self._late():
            self._raise_if_stopped()
            child = self._children[late.name]
            if not child.is_running:
                raise StackError(f"The part {late.title} ended at its start:\n{child.log_tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"The part {late.title} does not get ready:\n{child.log_tail()}")
            time.sleep(0.1)

    def _late(self) -> Part | None:
        """Return a part that is not at work yet."""
        if not self._answers():
            return self._parts[0]
        # What is published before the bridge has its MQTT session reaches nobody.
        signs = [self._run_dir / f"{name}.alive" for name in parts.WORKER_NAMES]
        return None if all(sign.exists() for sign in signs) else parts.WORKERS

    def _answers(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    def _revive_services(self) -> None:
        dead = self._dead_services()
        for service, child in dead:
            self._prepared = False
            self._note_death(service.name, f"{service.title} ended", child)
        for service, _ in dead:
            self._start_service_again(service)
        if not self._prepared and not self._dead_services():
            self._prepare_again()

    def _dead_services(self) -> list[tuple[Service, Child]]:
        return [(service, child) for service in self._services if (child := service.child) and not child.is_running]

    def _start_service_again(self, service: Service) -> None:
        """Start a service; one that fails, as PostgreSQL can while its killed self ends, counts as dead again."""
        try:
            self._launch_service(service)
            self._wait_for_service(service)
        except StackError as error:
            self._say(str(error))
            service.kill()
            self._pause(service.name)

    def _prepare_again(self) -> None:
        try:
            self._prepare()
        except StackError:
            what = f"Preparing {parts.PREPARE.title} failed"
            self._note_death(parts.PREPARE.name, what, self._children[parts.PREPARE.name])
            self._pause(parts.PREPARE.name)

    def _pause(self, name: str) -> None:
        """Wait before another attempt, each time for twice as long."""
        if self._stop.wait(RETRY_SECONDS * 2 ** len(self._deaths[name])):
            raise StartCancelledError

    def _note_death(self, name: str, what: str, child: Child) -> None:
        """Say what died; raises StackError if it dies too often to be brought back."""
        deaths = self._deaths[name]
        deaths.append(time.monotonic())
        while deaths[0] < time.monotonic() - DEATHS_WINDOW_SECONDS:
            deaths.popleft()
        if len(deaths) > DEATHS_ALLOWED:
            raise StackError(f"{what} {len(deaths)} times within a minute; see {child.log}:\n{child.log_tail()}")
        self._say(f"{what}; starting it again (its log is {child.log})")
        child.kill()

    def _step(self, what: str) -> None:
        self._raise_if_stopped()
        self._say(what)

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise StartCancelledError

    def _remember(self) -> None:
        """Write down what runs, for other commands and for a start after this process was killed."""
        children = {service.name: service.child for service in self._services if service.child} | self._children
        ids = {name: child.id for name, child in children.items()}
        write_state(
            self.data_dir,
            StackState(
                environment=self.environment,
                children={name: id_ for name, id_ in ids.items() if id_},
            ),
        )

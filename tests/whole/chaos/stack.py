"""The whole one-machine stack, with a proxy between each of our processes and each service that it talks to."""

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import django

from homelab_site.stack import parts
from homelab_site.stack.child import Child, StackError, free_port, listens
from homelab_site.stack.services import Kafka, Postgres, Service, Valkey
from tests.homelab_site.access.issuer import HouseIssuer
from tests.mosquitto import PersistentMosquitto
from tests.proxy import Proxy
from tests.waiting import eventually
from tests.whole.chaos.clock import Clock
from tests.whole.chaos.disk import SmallDisk
from tests.whole.house_of_kills import NODES

HOUSE_NODE = "thermiq_heatpump"
USES: Mapping[str, tuple[str, ...]] = {
    "web": ("database", "valkey", "kafka"),
    "bridge": ("mqtt", "kafka", "valkey"),
    "sink": ("kafka", "database", "valkey"),
    "settings": ("kafka", "database", "valkey"),
    "stream": ("kafka", "valkey"),
    "outbox": ("database", "mqtt", "valkey"),
    "celery": ("database", "valkey"),
    "devices": ("mqtt",),
    "pumps": ("mqtt",),
    "people": ("web",),
}
"""Which part talks to what; the last three are not ours to kill."""
CLOCKED = ("bridge", "settings")
"""Processes whose clock can be wrong: those that stamp what was received, and that judge it."""
OURS = ("web", "bridge", "sink", "settings", "stream", "outbox", "celery")
START_SECONDS = 120.0


class Stack:
    """Services and processes in one directory. `port` is where people reach the web server, through a proxy."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.disk = SmallDisk(directory / "database")
        self.clocks = {name: Clock(directory / f"clock-{name}") for name in CLOCKED}
        self.issuer = HouseIssuer()
        self.postgres = Postgres(self.disk.directory)
        self.kafka = Kafka(directory / "kafka")
        self.mqtt = PersistentMosquitto(directory / "mqtt")
        self.valkey = Valkey(directory / "valkey")
        self.services: dict[str, Service] = {
            "database": self.postgres,
            "kafka": self.kafka,
            "mqtt": self.mqtt,
            "valkey": self.valkey,
        }
        self.links: dict[tuple[str, str], Proxy] = {}
        self.children: dict[str, Child] = {}
        self.web_port = free_port()

    @property
    def port(self) -> int:
        return self.links["people", "web"].port

    def start(self) -> None:
        """Start everything, and return when all is at work."""
        self.disk.mount()
        for service in self.services.values():
            service.start()
        self._open_links()
        self._prepare()
        for name in OURS:
            self.start_part(name)
        eventually(self.is_at_work, START_SECONDS)

    def stop(self) -> None:
        for child in self.children.values():
            child.kill()
        for service in self.services.values():
            service.stop()
        self.disk.unmount()
        for link in self.links.values():
            link.__exit__(None, None, None)
        self.issuer.stop()

    def direct_environment(self) -> dict[str, str]:
        """Return the variables by which the services are found without a proxy."""
        found = {name: value for service in self.services.values() for name, value in service.environment().items()}
        return {**self._common_environment(), **found}

    def start_part(self, name: str) -> None:
        """Start a process of ours, in place of one that has ended, without waiting for it to be at work."""
        for sign in self._signs_of_life(name):
            sign.unlink(missing_ok=True)
        log = self.directory / "logs" / f"{name}.log"
        child = Child(name, self._argv(name), log, env=self._environment_of(name))
        child.start()
        self.children[name] = child

    def is_at_work(self, *names: str) -> bool:
        """Tell whether some processes, or all, have begun to work."""
        return all(sign.exists() for name in names or OURS for sign in self._signs_of_life(name)) and (
            "web" not in (names or OURS) or listens(self.web_port)
        )

    def link(self, part: str, service: str) -> str:
        return f"127.0.0.1:{self.links[part, service].port}"

    def _signs_of_life(self, name: str) -> list[Path]:
        return [] if name == "web" else [self.directory / "run" / f"{name}.alive"]

    def _open_links(self) -> None:
        socket = self.postgres.data / ".s.PGSQL.5432"
        targets: dict[str, int | Path] = {
            "database": socket,
            "kafka": self.kafka.port,
            "mqtt": self.mqtt.port,
            "valkey": self.valkey.port,
            "web": self.web_port,
        }
        for part, services in USES.items():
            for service in services:
                link = Proxy(targets[service])
                if service == "kafka":
                    link.rewrite = partial(_at_port, of_broker=self.kafka.port, of_link=link.port)
                self.links[part, service] = link.__enter__()

    def _prepare(self) -> None:
        log = self.directory / "logs" / "prepare.log"
        child = Child("prepare", parts.PREPARE.argv, log, env=self.direct_environment())
        child.start()
        if not child.wait(START_SECONDS) or child.exit_status:
            raise StackError(f"The stack cannot be prepared:\n{child.log_tail()}")

    def _argv(self, name: str) -> tuple[str, ...]:
        if name == "web":
            return parts.web(self.web_port).argv
        return parts.CELERY.argv if name == "celery" else parts.manage("runworker", name)

    def _environment_of(self, part: str) -> dict[str, str]:
        """Return a process's variables: services that it does not use are named as they are."""
        environment = self.direct_environment()
        if part in self.clocks:
            environment.update(self.clocks[part].environment(environment["PYTHONPATH"]))
        for service in USES[part]:
            address = self.link(part, service)
            if service == "database":
                environment.update(_databases_at(address))
            else:
                names = {"kafka": "KAFKA_BROKERS", "mqtt": "MQTT_URL", "valkey": "REDIS_URL"}
                value = {"kafka": address, "mqtt": f"mqtt://{address}", "valkey": f"redis://{address}/0"}
                environment[names[service]] = value[service]
        return environment

    def _common_environment(self) -> dict[str, str]:
        static = self.directory / "static"
        static.mkdir(exist_ok=True)
        return {
            "HOMELAB_DATA_DIR": str(self.directory),
            "WORKER_RUN_DIR": str(self.directory / "run"),
            "STATIC_ROOT": str(static),
            "SECRET_KEY": "a-key-that-is-long-enough-and-of-no-use-outside-of-the-tests",
            "HTTPS": "false",
            "PYTHONPATH": os.pathsep.join([parts.PROJECT, *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONUNBUFFERED": "1",
            "THERMIQ_NODES": ",".join((HOUSE_NODE, *NODES)),
            "OIDC_ISSUERS": json.dumps([self.issuer.setting()]),
            "API_REQUESTS_PER_MINUTE": "100000",
            # Whatever goes wrong with devices here is a larger share than in any house.
            "BAD_SHARE_LIMIT": "1",
        }


def use(stack: Stack) -> None:
    """Let Django of this process be that of a stack that runs."""
    os.environ.update(stack.direct_environment(), DJANGO_SETTINGS_MODULE="homelab_site.settings")
    django.setup()


def _databases_at(address: str) -> dict[str, str]:
    return {
        "DATABASE_URL": f"postgresql://{Postgres.superuser}@{address}/homelab",
        "TELEMETRY_DATABASE_URL": f"postgresql://homelab_reader@{address}/telemetry",
        "TELEMETRY_SINK_DATABASE_URL": f"postgresql://homelab_sink@{address}/telemetry",
        "TELEMETRY_OWNER_DATABASE_URL": f"postgresql://{Postgres.superuser}@{address}/telemetry",
    }


def _at_port(answer: bytes, *, of_broker: int, of_link: int) -> bytes:
    """Let a client of Kafka find the broker where its link is.

    Answers name the broker as a string and a port in four bytes (https://kafka.apache.org/protocol, Metadata and
    FindCoordinator), which come in one piece: they are the start of a short answer.
    """
    host = b"127.0.0.1"
    return answer.replace(host + of_broker.to_bytes(4, "big"), host + of_link.to_bytes(4, "big"))

"""A house whose processes and services can be killed while programs ask its API for settings."""

import json
import random
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from homelab_site.stack.services import Postgres
from tests.heatpump.pumps import Pumps
from tests.homelab_site.access.issuer import HouseIssuer
from tests.killed import start_again
from tests.pipeline import Pipeline
from tests.waiting import eventually

NODES = ("cellar", "barn", "cottage")
VALUES = {
    "indoor_target_temp": range(15, 31),
    "mode": range(5),
    "curve": range(20, 60),
    "curve_min": range(10, 30),
    "curve_max": range(40, 80),
    "curve_plus_5": range(-5, 6),
    "curve_zero": range(-5, 6),
    "curve_minus_5": range(-5, 6),
    "heatstop": range(10, 25),
    "integral_setting": range(-500, 500),
}
VICTIMS = ("web", "outbox", "settings", "mqtt", "database")
ANSWER_SECONDS = 5.0
_open = build_opener(ProxyHandler({})).open


@dataclass(frozen=True, slots=True)
class Accepted:
    """A change that the API has answered with 202."""

    outbox_id: int
    node: str
    name: str
    value: int


class WithApi(Protocol):
    """A house that is asked by HTTP."""

    issuer: HouseIssuer

    @property
    def port(self) -> int: ...


class House:
    """The real processes: web server, bridge, settings worker and outbox worker, on services of their own."""

    def __init__(self, directory: Path, postgres: Postgres, issuer: HouseIssuer) -> None:
        self.postgres = postgres
        self.issuer = issuer
        self.pipeline = Pipeline(directory, postgres.environment())
        self.pipeline.environment.update(
            THERMIQ_NODES=",".join(NODES), OIDC_ISSUERS=json.dumps([issuer.setting()]), API_REQUESTS_PER_MINUTE="100000"
        )
        self.port = free_port()
        self.web = Child("web", (), directory / "web.log")
        self.pumps: Pumps

    def start(self) -> None:
        self.pipeline.start()
        self.pipeline.manage("prepare_stack")
        for name in ("bridge", "settings", "outbox"):
            self.pipeline.run(name)
        self._start_web()
        self.pumps = Pumps(self.pipeline.environment["MQTT_URL"], NODES)
        self.pumps.__enter__()

    def stop(self) -> None:
        self.pumps.__exit__(None, None, None)
        self.web.kill()
        self.pipeline.stop()

    def kill(self, victim: str, pause: float) -> None:
        """Kill a process or a service, and start it again after some seconds."""
        if victim == "web":
            self.web.kill()
            time.sleep(pause)
            self._start_web()
        elif victim == "mqtt":
            self.pipeline.mqtt.kill()
            time.sleep(pause)
            self.pipeline.mqtt.start()
        elif victim == "database":
            self.postgres.kill()
            time.sleep(pause)
            start_again(self.postgres)
        else:
            self.pipeline.workers[victim].kill()
            time.sleep(pause)
            self.pipeline.run(victim)

    def _start_web(self) -> None:
        self.web = Child("web", parts.web(self.port).argv, self.web.log, env=self.pipeline.environment)
        self.web.start()
        self.web.wait_for_port(self.port, 60)


class Program(threading.Thread):
    """Asks one pump for one change after another, each until it is answered, with an idempotency key of its own."""

    def __init__(self, house: WithApi, node: str, seed: int, longest_pause: float = 0.2) -> None:
        super().__init__(daemon=True)
        self.accepted: list[Accepted] = []
        self.trouble: list[str] = []
        self._house = house
        self._node = node
        self._longest_pause = longest_pause
        self._random = random.Random(seed)
        self._stop_asking = threading.Event()

    def finish(self) -> None:
        self._stop_asking.set()
        self.join(120)
        assert not self.is_alive(), self.trouble[-1:]

    def run(self) -> None:
        while not self._stop_asking.wait(self._random.uniform(0, self._longest_pause)):
            name = self._random.choice(list(VALUES))
            value = self._random.choice(VALUES[name])
            self.accepted.append(Accepted(self._ask_until_answered(name, value), self._node, name, value))

    def _ask_until_answered(self, name: str, value: int) -> int:
        key = uuid.uuid4().hex
        outbox_id = eventually(lambda: self._ask(name, value, key), 60)
        assert outbox_id is not None
        return outbox_id

    def _ask(self, name: str, value: int, key: str) -> int | None:
        """Return the command's id, or None where the house did not answer."""
        token = self._house.issuer.token(scope="write:settings", preferred_username="alice")
        request = Request(
            f"http://127.0.0.1:{self._house.port}/api/v1/heatpump/settings/{self._node}",
            json.dumps({name: value}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key},
            method="PATCH",
        )
        try:
            with _open(request, timeout=ANSWER_SECONDS) as answer:
                return int(json.loads(answer.read())["outbox_id"])
        except HTTPError as error:
            self.trouble.append(f"{error.code} {error.read()[:200]!r}")
            error.close()
        except (URLError, OSError) as error:
            self.trouble.append(repr(error))
        return None

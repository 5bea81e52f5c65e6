"""A pipeline of a test's own: brokers, workers as processes, and ways in and out."""

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from django.test import override_settings

from bridge.messages import RETENTION
from bridge.mqtt import parse_url
from bridge.publisher import Publisher
from homelab_site.kafka import make_topic, new_admin
from homelab_site.stack import parts
from homelab_site.stack.child import Child
from homelab_site.stack.services import Kafka, Mqtt
from tests.waiting import eventually

START_SECONDS = 60.0
COMMAND_SECONDS = 120.0


class Pipeline:
    """Brokers that can be killed without harm to other tests, and the real workers between them."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.environment = {**os.environ, **environment, "WORKER_RUN_DIR": str(directory / "run")}
        self.kafka = Kafka(directory / "kafka")
        self.mqtt = Mqtt(directory / "mqtt")
        self.workers: dict[str, Child] = {}

    def start(self) -> None:
        for service in (self.kafka, self.mqtt):
            service.start()
            self.environment.update(service.environment())
        self.make_topics()

    def stop(self) -> None:
        for child in self.workers.values():
            child.kill()
        self.mqtt.stop()
        self.kafka.stop()

    def make_topics(self) -> None:
        with override_settings(KAFKA_BROKERS=[self.environment["KAFKA_BROKERS"]]), closing(new_admin()) as admin:
            for topic, retention in RETENTION.items():
                make_topic(admin, topic.value, retention)

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run a `manage.py` command to its end and return what it printed."""
        child = Child("command", parts.manage(*arguments), self.directory / f"{arguments[0]}.log", env=self.environment)
        child.log.unlink(missing_ok=True)
        child.start()
        assert child.wait(COMMAND_SECONDS), f"{arguments[0]} does not end"
        printed = child.log.read_text()
        assert child.exit_status == status, printed
        return printed

    def run(self, *names: str) -> Child:
        """Start workers in a process of their own and return when they are at work."""
        key = "-".join(names)
        child = Child(key, parts.manage("runworker", *names), self.directory / f"{key}.log", env=self.environment)
        signs = [self.directory / "run" / f"{name}.alive" for name in names]
        for sign in signs:
            sign.unlink(missing_ok=True)
        child.start()
        self.workers[key] = child
        eventually(lambda: all(sign.exists() for sign in signs), START_SECONDS)
        return child

    def publish(self, topic: str, *payloads: bytes | Mapping[str, Any]) -> None:
        """Publish with QoS 1 and return when the broker has all of them."""
        with Publisher(parse_url(self.environment["MQTT_URL"]), "test") as publisher:
            for payload in payloads:
                publisher.publish(topic, payload if isinstance(payload, bytes) else json.dumps(payload).encode())
            publisher.wait_until_acknowledged()

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return what a query on the telemetry database gives."""
        url = self.environment["TELEMETRY_OWNER_DATABASE_URL"]
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

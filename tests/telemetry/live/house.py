"""A house of a test's own: Kafka, Valkey, web processes under daphne and stream workers, and a way to publish."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from django.test import override_settings

from bridge.messages import RETENTION, Reading, Topic, encode_reading
from homelab_site.kafka import close_producer, make_topic, new_admin, new_producer
from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from homelab_site.stack.services import Kafka, Valkey
from telemetry.live.readings import GROUP, LiveReading, encode
from tests.waiting import eventually

START_SECONDS = 60.0
TOKEN = "a-token-that-only-tests-have"
BEGAN = datetime(2026, 11, 25, tzinfo=UTC)


class House:
    """Nothing runs in it but its two brokers until it is asked to."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory
        self.environment = {**os.environ, "API_DEVELOPMENT_TOKEN": TOKEN, **environment}
        self.kafka = Kafka(directory / "kafka")
        self.valkey = Valkey(directory / "valkey")
        self.children: list[Child] = []
        for service in (self.kafka, self.valkey):
            service.start()
            self.environment.update(service.environment())
        self.make_topics()

    def stop(self) -> None:
        for child in self.children:
            child.kill()
        self.valkey.stop()
        self.kafka.stop()

    def make_topics(self) -> None:
        with self._brokers(), closing(new_admin()) as admin:
            for topic in Topic:
                make_topic(admin, topic.value, RETENTION[topic])

    def web(self, *options: str, application: str = "tests.telemetry.live.site:application") -> int:
        """Start a web process and return its port when it listens."""
        port = free_port()
        server = (sys.executable, "-m", "daphne", "--verbosity", "1", "--bind", "127.0.0.1", "--port", str(port))
        self._start("web", *server, *options, application).wait_for_port(port, START_SECONDS)
        return port

    def worker(self) -> Child:
        """Start a stream worker and return when it has been at work once."""
        run_dir = self.directory / f"run-{len(self.children)}"
        child = self._start("stream", *parts.manage("runworker", "stream"), WORKER_RUN_DIR=str(run_dir))
        eventually((run_dir / "stream.alive").exists, START_SECONDS)
        return child

    def workers(self) -> list[Child]:
        return [child for child in self.children if child.name == "stream"]

    def publish(self, readings: Sequence[Reading], *, written_at: datetime | None = None) -> None:
        """Write readings to Kafka, and return when it has them."""
        self.write([(reading.topic, reading.device_id, encode_reading(reading)) for reading in readings], written_at)

    def hand_on(self, readings: Sequence[Reading]) -> None:
        """Give readings to the web processes, as a worker would that has taken them from a partition of their own."""
        layer = RedisPubSubChannelLayer(hosts=[self.environment["REDIS_URL"]], prefix="homelab")

        async def send() -> None:
            for one in readings:
                sent = LiveReading(one.topic, 9, one.raw["number"], 0, one.device_id, one.ts, encode_reading(one))
                await layer.group_send(GROUP, {"type": "readings", "readings": encode([sent])})

        asyncio.run(send())

    def write(self, values: Sequence[tuple[Topic, str, bytes]], written_at: datetime | None = None) -> None:
        moment = int(written_at.timestamp() * 1000) if written_at else None
        with self._brokers():
            producer = new_producer()
            try:
                sent = [
                    producer.send(topic.value, value, key.encode(), timestamp_ms=moment) for topic, key, value in values
                ]
                for future in sent:
                    future.get(timeout=30)
            finally:
                close_producer(producer)

    def metrics(self, port: int) -> dict[str, float]:
        """Return the numbers that a web process tells Prometheus."""
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def logs(self) -> str:
        return "".join(child.log.read_text(errors="replace") for child in self.children)

    def _brokers(self) -> Any:
        return override_settings(KAFKA_BROKERS=[self.environment["KAFKA_BROKERS"]])

    def _start(self, name: str, *argv: str, **environment: str) -> Child:
        log = self.directory / f"{name}-{len(self.children)}.log"
        child = Child(name, argv, log, env={**self.environment, "PYTHONPATH": parts.PROJECT, **environment})
        child.start()
        self.children.append(child)
        return child


def reading(number: int, device: str = "meter", topic: Topic = Topic.ENERGY, **raw: object) -> Reading:
    """Return a reading that its number tells from others."""
    moment = BEGAN + timedelta(seconds=number)
    return Reading(
        topic=topic,
        device_id=device,
        ts=moment,
        received_at=moment,
        tags={"device_serial": device},
        fields={"active_power_total": float(number)},
        raw={"number": number, **raw},
    )

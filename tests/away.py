"""Services that are away: where nothing listens, or where something listens and never answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import dj_database_url
from django.db import connections
from django.test import override_settings

PASSWORD = "not-to-be-seen"


@contextmanager
def silent_port() -> Iterator[int]:
    """Accept every connection to a port and never say a word."""
    # The kernel accepts for a listener that does not, until its queue is full.
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener.getsockname()[1]


@contextmanager
def databases_at(url: str, *aliases: str) -> Iterator[None]:
    """Let new connections of some databases go to another server."""
    kept = {alias: dict(connections.databases[alias]) for alias in aliases}
    for alias in aliases:
        connections.databases[alias].update(dj_database_url.parse(url))
    try:
        yield
    finally:
        for alias, values in kept.items():
            connections.databases[alias].update(values)


@contextmanager
def brokers_at(port: int) -> Iterator[None]:
    """Let Kafka, Valkey and MQTT be at a port of this machine, the last two behind a password."""
    login = f"house:{PASSWORD}@127.0.0.1:{port}"
    with override_settings(
        KAFKA_BROKERS=[f"127.0.0.1:{port}"], REDIS_URL=f"redis://{login}/0", MQTT_URL=f"mqtt://{login}"
    ):
        yield


@contextmanager
def everything_at(port: int) -> Iterator[None]:
    """Let everything that the site depends on be at a port of this machine."""
    url = f"postgresql://house:{PASSWORD}@127.0.0.1:{port}/homelab"
    with databases_at(url, "default", "telemetry"), brokers_at(port):
        yield

"""What the site depends on, and how each dependency is asked whether it is there.

Each check asks with the protocol of the thing itself, so a port that accepts and never answers counts as away,
and ends within `CHECK_SECONDS`: where connecting and asking have a limit each, each has half of that. It leaves no
connection and no thread behind.
"""

import select
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import django.db
import psycopg2
import psycopg2.extensions
from django.conf import settings
from django.db import connections
from kafka.errors import KafkaError
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from bridge import mqtt
from homelab_site.health.asking import Answer, Asked, UnavailableError, shared
from homelab_site.kafka import find_broker

T = TypeVar("T")

CHECK_SECONDS = 1.5
TOTAL_SECONDS = 2.0
TROUBLE = (psycopg2.Error, django.db.Error, KafkaError, RedisError, OSError)


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that the site needs. `variable` is the setting that says where it is.

    Without a `required` one no page and no answer of the API is right, so the site is not ready. Without the others
    all that is stored can still be read: their trouble is reported, and taking the site away would make it worse.
    """

    variable: str
    check: Callable[[], None]
    required: bool


@shared
def check_all() -> dict[str, Answer[None]]:
    """Check every dependency at once; the answers are there within `TOTAL_SECONDS`."""
    deadline = time.monotonic() + TOTAL_SECONDS
    asked = {name: Asked(partial(ask, name, lambda: None)) for name in DEPENDENCIES}
    return {name: one.answer(deadline) for name, one in asked.items()}


def ask(name: str, question: Callable[[], T]) -> T:
    """Check a dependency, then ask it something; raises UnavailableError where it is away.

    The check comes first because it has limits of time, which the usual clients do not all have.
    """
    dependency = DEPENDENCIES[name]
    if not getattr(settings, dependency.variable):
        raise UnavailableError(f"{dependency.variable} is not set")
    try:
        dependency.check()
        return question()
    except TROUBLE as error:
        raise UnavailableError(f"cannot be asked: {type(error).__name__}") from error


def check_database(alias: str) -> None:
    """Log in anew and ask for a row; raises UnavailableError.

    Django's own connection waits without a limit, so this one is driven by hand.
    """
    deadline = time.monotonic() + CHECK_SECONDS
    with closing(psycopg2.connect(**connections[alias].get_connection_params(), async_=True)) as connection:
        _wait(connection, deadline)
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        _wait(connection, deadline)


def check_kafka() -> None:
    """Find a broker; raises OSError or `kafka.errors.KafkaError`."""
    find_broker(CHECK_SECONDS)


def check_valkey() -> None:
    """Send a PING; raises `redis.RedisError`."""
    seconds = CHECK_SECONDS / 2
    client = Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=seconds, socket_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )
    with closing(client):
        client.ping()


def check_mqtt() -> None:
    """Ask for a session without a memory; raises UnavailableError, or OSError where nothing listens."""
    deadline = time.monotonic() + CHECK_SECONDS
    client = mqtt.new_client("", clean_session=True)
    client.connect_timeout = CHECK_SECONDS / 2
    mqtt.connect(client, mqtt.parse_url(settings.MQTT_URL))
    try:
        while not client.is_connected():
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnavailableError(_too_late())
            if client.loop(timeout=left):
                raise UnavailableError("does not take the login")
    finally:
        client.disconnect()


DEPENDENCIES = {
    "homelab_database": Dependency("DATABASE_URL", partial(check_database, "default"), required=True),
    "telemetry_database": Dependency("TELEMETRY_DATABASE_URL", partial(check_database, "telemetry"), required=True),
    "kafka": Dependency("KAFKA_BROKERS", check_kafka, required=False),
    "valkey": Dependency("REDIS_URL", check_valkey, required=False),
    "mqtt": Dependency("MQTT_URL", check_mqtt, required=False),
}
"""Every dependency by the name that `/health/ready` gives it."""


def _wait(connection: psycopg2.extensions.connection, deadline: float) -> None:
    """Drive an asynchronous connection until what was begun is done; raises UnavailableError at the deadline."""
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        waiting = [connection.fileno()]
        reads, writes = (waiting, []) if state == psycopg2.extensions.POLL_READ else ([], waiting)
        if not any(select.select(reads, writes, [], max(0.0, deadline - time.monotonic()))):
            raise UnavailableError(_too_late())


def _too_late() -> str:
    return f"no answer within {CHECK_SECONDS:.1f} s"

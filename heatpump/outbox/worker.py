"""The outbox worker: commands from the database to MQTT.

A write counts as published only after the broker has acknowledged it. A worker that is killed in between leaves it
pending, and it goes out again; writing a register twice with the same value is harmless. When a write has waited too
long for its echo is decided elsewhere, by the task `retry_commands`.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import django.db
import psycopg2
from django.conf import settings
from django.utils import timezone

from bridge.devices.thermiq import encode_write, write_topic
from bridge.mqtt import MqttAddress, parse_url
from bridge.publisher import Publisher
from heatpump.outbox.models import Publication
from heatpump.outbox.services import TURN, claim, mark_published, mark_unpublished
from heatpump.outbox.wakeups import Wakeups
from heatpump.settings.validation import TABLE
from homelab_site.workers.metrics import MESSAGES_OUT

log = logging.getLogger(__name__)

NAME: Final = "outbox"
IDLE_SECONDS: Final = 0.5
POLL_SECONDS: Final = 5.0
"""How often the outbox is looked into without a notification: one may be lost, and the turn of a pump may run out."""
ACKNOWLEDGE_SECONDS: Final = 5.0
"""How long the broker may take: a part of `services.TURN`, in which nobody else publishes to the pump."""
PUMP_SECONDS: Final = 0.1


class OutboxWorker:
    """Publishes one write at a time. Several workers may run: each pump is one worker's at a time."""

    name = NAME
    trouble: tuple[type[Exception], ...] = (psycopg2.Error, django.db.Error, OSError)

    def __init__(self, address: MqttAddress, wakeups: Wakeups) -> None:
        self._address = address
        self._wakeups = wakeups
        self._publisher = self._new_publisher()
        self._unsettled: Callable[[], None] | None = None
        self._look_at = 0.0

    def step(self) -> bool:
        """Publish the oldest write that can go out; without one, wait for a notification.

        While the MQTT broker is away nothing is claimed, and the publisher tries to reach it with growing pauses.
        """
        self._settle()
        if not self._publisher.is_connected:
            self._publisher.pump(IDLE_SECONDS)
            return False
        if self._wakeups.listen() or time.monotonic() >= self._look_at:
            turn_ends = time.monotonic() + TURN.total_seconds()
            publication = claim(timezone.now())
            if publication is not None:
                self._publish(publication, turn_ends)
                return True
            self._look_at = time.monotonic() + POLL_SECONDS
        if self._wakeups.wait(IDLE_SECONDS):
            self._look_at = 0.0
        self._publisher.pump(0)
        return False

    def close(self) -> None:
        """Say what came of the last write, if the database is there, and leave."""
        try:
            self._settle()
        except self.trouble as error:
            log.warning("outbox: what came of the last write is not noted, so it goes out again: %s", error)
        self._publisher.close()
        self._wakeups.close()

    def _publish(self, publication: Publication, turn_ends: float) -> None:
        if time.monotonic() + ACKNOWLEDGE_SECONDS > turn_ends:
            # The database was slow, or this process stood still: another worker may be sending a newer value.
            self._unsettled = partial(mark_unpublished, publication, sent=False)
            self._settle()
            return
        setting = publication.setting
        topic = write_topic(setting.pump.device_id)
        payload = encode_write(TABLE[setting.name], publication.write.value)
        if self._is_acknowledged(topic, payload):
            MESSAGES_OUT.labels(NAME, "mqtt").inc()
            self._unsettled = partial(mark_published, publication, timezone.now())
        else:
            # A new session, so that nothing is sent again that another worker may send by then.
            self._publisher.close()
            self._publisher = self._new_publisher()
            self._unsettled = partial(mark_unpublished, publication, sent=True)
        self._settle()

    def _is_acknowledged(self, topic: str, payload: bytes) -> bool:
        """Publish, and wait for the broker; tell whether it has the message for certain."""
        before = self._publisher.acknowledged
        deadline = time.monotonic() + ACKNOWLEDGE_SECONDS
        self._publisher.publish(topic, payload)
        while self._publisher.acknowledged == before:
            if not self._publisher.is_connected or time.monotonic() > deadline:
                return False
            self._publisher.pump(PUMP_SECONDS)
        return True

    def _settle(self) -> None:
        """Note what came of the last write; where the database is away this is what the next step begins with."""
        if self._unsettled is not None:
            self._unsettled()
            self._unsettled = None

    def _new_publisher(self) -> Publisher:
        return Publisher(self._address, NAME)


def make_worker() -> OutboxWorker:
    """Build the outbox worker of this house from the settings."""
    return OutboxWorker(parse_url(settings.MQTT_URL), Wakeups(settings.DATABASE_URL))

"""What other clients of an MQTT broker see."""

import time
import uuid
from types import TracebackType
from typing import NamedTuple, Self

import paho.mqtt.client as mqtt

from bridge.mqtt import connect, new_client, parse_url

SECONDS = 30.0


class Seen(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Listener:
    """Keeps every message on some topics from the moment on that the `with` block begins."""

    def __init__(self, url: str, *topics: str) -> None:
        self._address = parse_url(url)
        self._topics = topics
        self._subscribed = False
        self.seen: list[Seen] = []

    def __enter__(self) -> Self:
        self._client = new_client(f"listener-{uuid.uuid4().hex[:8]}", clean_session=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        connect(self._client, self._address)
        deadline = time.monotonic() + SECONDS
        while not self._subscribed:
            self._listen(deadline)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.disconnect()

    def take(self, count: int, seconds: float = SECONDS) -> list[Seen]:
        """Wait for some messages, and return them without keeping them."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < count:
            self._listen(deadline)
        taken, self.seen = self.seen[:count], self.seen[count:]
        return taken

    def _listen(self, deadline: float) -> None:
        assert time.monotonic() < deadline, f"only {len(self.seen)} messages came: {self.seen[-3:]}"
        assert self._client.loop(0.5) == mqtt.MQTT_ERR_SUCCESS

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed = True

    def _on_message(self, client: mqtt.Client, userdata: object, one: mqtt.MQTTMessage) -> None:
        self.seen.append(Seen(one.topic, bytes(one.payload), one.qos, one.retain))

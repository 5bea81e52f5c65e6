"""Publishing to MQTT with QoS 1: bounded in flight, over lost connections, and until the broker acknowledged."""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple, Self

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from bridge.mqtt import MqttAddress, connect, new_client
from homelab_site.workers.pauses import GrowingPauses

log = logging.getLogger(__name__)

MAX_IN_FLIGHT = 100
CONNECT_SECONDS = 10.0
PUMP_SECONDS = 0.1


class PublishError(Exception):
    """The broker cannot be reached, refuses us, or has stopped to acknowledge."""


class _Sent(NamedTuple):
    topic: str
    payload: bytes
    on_acknowledged: Callable[[], object]


def _nothing() -> None:
    """Do nothing when the broker acknowledges."""


class Publisher:
    """One MQTT session, in the caller's thread: nothing happens but inside its methods.

    A lost connection is opened again, with growing pauses, by `pump` and whatever waits; what was not acknowledged
    is then sent again, in its order. `subscribe` names topics whose messages go to `on_message(topic, payload)`.
    `patience` is how many seconds `publish` and `wait_until_acknowledged` go on without any acknowledgement.
    """

    def __init__(
        self,
        address: MqttAddress,
        name: str,
        *,
        subscribe: Sequence[str] = (),
        on_message: Callable[[str, bytes], None] = lambda topic, payload: None,
        patience: float = 30.0,
    ) -> None:
        self._address = address
        self._name = name
        self._topics = tuple(subscribe)
        self._take = on_message
        self._patience = patience
        self._client: mqtt.Client | None = None
        self._ready = False
        self._refusal = ""
        self._in_flight: dict[int, _Sent] = {}
        self._pauses = GrowingPauses()
        self._next_attempt = 0.0
        self._troubled = False
        self.acknowledged = 0
        """How many messages the broker has acknowledged."""

    def __enter__(self) -> Self:
        """Connect, or raise PublishError within `CONNECT_SECONDS`."""
        try:
            self._open()
            self._wait_until_ready()
        except (OSError, PublishError) as error:
            self.close()
            raise PublishError(f"The MQTT broker at {self._address} cannot be used: {_reason(error)}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted the session and its subscriptions."""
        return self._ready

    @property
    def has_room(self) -> bool:
        """Whether fewer messages than the bound are unacknowledged."""
        return len(self._in_flight) < MAX_IN_FLIGHT

    @property
    def in_flight(self) -> int:
        """How many messages were handed over and are not acknowledged yet."""
        return len(self._in_flight)

    def publish(self, topic: str, payload: bytes, on_acknowledged: Callable[[], object] = _nothing) -> None:
        """Hand a message over, after waiting for a connection and room; raises PublishError if the patience ends."""
        self._wait_until(lambda: self._ready and self.has_room)
        self._send(_Sent(topic, payload, on_acknowledged))

    def wait_until_acknowledged(self) -> None:
        """Wait until the broker has everything; raises PublishError if the patience ends."""
        self._wait_until(lambda: not self._in_flight)

    def pump(self, seconds: float) -> None:
        """Work the connection, and wait up to some seconds for it; a broker that is away is tried again when due.

        An attempt to connect can take 5 s.
        """
        try:
            if self._client is None:
                pause = self._next_attempt - time.monotonic()
                if pause > 0:
                    time.sleep(min(pause, seconds))
                    return
                self._open()
            self._work(seconds)
        except (OSError, PublishError) as error:
            self._lose(error)

    def close(self) -> None:
        """Leave. What is not acknowledged stays uncertain."""
        self._ready = False
        if self._client is not None:
            self._client.disconnect()
            self._client = None

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        acknowledged, deadline = self.acknowledged, time.monotonic() + self._patience
        while not condition():
            if self.acknowledged > acknowledged:
                acknowledged, deadline = self.acknowledged, time.monotonic() + self._patience
            elif time.monotonic() > deadline:
                raise PublishError(
                    f"The MQTT broker at {self._address} has acknowledged nothing for {self._patience:g} s."
                )
            self.pump(PUMP_SECONDS)

    def _open(self) -> None:
        # With a fresh id, neither an earlier session nor a second publisher of the same name is in the way.
        self._client = new_client(f"{self._name}-{uuid.uuid4().hex[:12]}", clean_session=True)
        self._client.max_inflight_messages = MAX_IN_FLIGHT
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = lambda client, userdata, message: self._take(message.topic, bytes(message.payload))
        self._refusal = ""
        connect(self._client, self._address)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        while not self._ready:
            if time.monotonic() > deadline:
                raise PublishError("it does not answer")
            self._work(PUMP_SECONDS)

    def _work(self, seconds: float) -> None:
        assert self._client
        was_ready = self._ready
        result = self._client.loop(seconds)
        if self._refusal:
            raise PublishError(self._refusal)
        if result != mqtt.MQTT_ERR_SUCCESS:
            raise PublishError(mqtt.error_string(result))
        if self._ready and not was_ready:
            self._resume()

    def _resume(self) -> None:
        if self._troubled:
            log.info("the MQTT broker at %s is back", self._address)
            self._troubled = False
        self._pauses.reset()
        unacknowledged = list(self._in_flight.values())
        self._in_flight.clear()
        for sent in unacknowledged:
            self._send(sent)

    def _lose(self, error: Exception) -> None:
        self._ready = False
        self._client = None
        self._troubled = True
        pause = self._pauses.next()
        self._next_attempt = time.monotonic() + pause
        log.warning("the MQTT broker at %s is away (%s); next attempt in %.1f s", self._address, _reason(error), pause)

    def _send(self, sent: _Sent) -> None:
        # Where this fails, the next `pump` finds the connection lost, and a later one sends the message again.
        assert self._client
        self._in_flight[self._client.publish(sent.topic, sent.payload, qos=1).mid] = sent

    def _on_connect(
        self, client: mqtt.Client, userdata: object, flags: mqtt.ConnectFlags, code: ReasonCode, properties: object
    ) -> None:
        if code.is_failure:
            self._refusal = f"it refuses the connection: {code}"
        elif self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._ready = True

    def _on_subscribe(
        self, client: mqtt.Client, userdata: object, mid: int, codes: list[ReasonCode], properties: object
    ) -> None:
        if any(code.is_failure for code in codes):
            self._refusal = "it refuses the subscription"
        else:
            self._ready = True

    def _on_publish(
        self, client: mqtt.Client, userdata: object, mid: int, code: ReasonCode, properties: object
    ) -> None:
        sent = self._in_flight.pop(mid)
        self.acknowledged += 1
        sent.on_acknowledged()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__

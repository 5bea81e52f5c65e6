"""The bridge: MQTT in, Kafka out.

An MQTT message is acknowledged only after Kafka has acknowledged what became of it. Until then the MQTT broker
keeps it in the bridge's persistent session, so whatever is killed or unreachable in between, it comes again.
"""

import logging
import time
from contextlib import closing
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
from django.conf import settings
from kafka import KafkaProducer
from kafka.errors import KafkaError
from paho.mqtt.reasoncodes import ReasonCode

from bridge.devices import DEVICES, translate
from bridge.devices.device import House
from bridge.house import house_from_settings
from bridge.in_flight import Delivery, InFlight
from bridge.messages import (
    Bad,
    DeadLetterMessage,
    Outcome,
    Reading,
    Reason,
    Skip,
    Topic,
    encode_dead_letter,
    encode_reading,
)
from bridge.mqtt import MqttAddress, connect, new_client, parse_url
from bridge.receipts import Receipts, header_of, receipt_of
from homelab_site.kafka import close_producer, new_producer, new_reader
from homelab_site.workers.badness import BadShareWatch
from homelab_site.workers.metrics import MESSAGES_BAD, MESSAGES_IN, MESSAGES_OUT, MESSAGES_SKIPPED

log = logging.getLogger(__name__)

NAME = "bridge"
MAX_IN_FLIGHT = 500
ACKNOWLEDGE_SECONDS = 10.0
MAX_PAYLOAD_BYTES = 512 * 1024
"""What fits, as base64 in a dead letter, into the megabyte that a Kafka broker takes by default."""
MAX_RECORD_BYTES = 1_000_000
IDLE_SECONDS = 0.5
UNSETTLED_SECONDS = 0.002
CONNECT_SECONDS = 10.0
FINISH_SECONDS = 5.0


class MqttError(Exception):
    """The MQTT broker is away, or refuses the bridge."""


class BridgeWorker:
    """Takes messages from one MQTT session, one thread doing all of it."""

    name = NAME
    trouble: tuple[type[Exception], ...] = (MqttError, KafkaError, OSError)

    def __init__(self, house: House, address: MqttAddress, client_id: str, bad_share_limit: float) -> None:
        self._house = house
        self._address = address
        self._client_id = client_id
        self._watch = BadShareWatch(NAME, bad_share_limit)
        self._messages_in = MESSAGES_IN.labels(NAME, "mqtt")
        self._messages_out = {topic: MESSAGES_OUT.labels(NAME, topic) for topic in Topic}
        self._in_flight = InFlight(ACKNOWLEDGE_SECONDS)
        self._receipts: Receipts | None = None
        self._client: mqtt.Client | None = None
        self._producer: KafkaProducer | None = None
        self._ready = False
        self._ready_by = 0.0
        self._refusal = ""

    def step(self) -> bool:
        """Take what the MQTT broker sends, acknowledge what Kafka has; on trouble, start over from the session."""
        try:
            if self._client is None:
                self._connect()
            if len(self._in_flight) < MAX_IN_FLIGHT:
                self._read()
            else:
                time.sleep(UNSETTLED_SECONDS)
            return self._acknowledge() > 0
        except self.trouble:
            self._disconnect()
            raise

    def close(self) -> None:
        """Wait for what is on its way to Kafka, acknowledge it, and leave; the session stays with the broker."""
        deadline = time.monotonic() + FINISH_SECONDS
        try:
            while self._client and self._in_flight and time.monotonic() < deadline:
                if not self._acknowledge():
                    time.sleep(UNSETTLED_SECONDS)
        except KafkaError as error:
            log.warning("bridge: left %d messages with the broker: %s", len(self._in_flight), error)
        self._disconnect()

    def _connect(self) -> None:
        if self._receipts is None:
            self._receipts = self._recalled_receipts()
        self._producer = new_producer()
        self._client = new_client(self._client_id, clean_session=False, manual_ack=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._ready, self._refusal = False, ""
        self._ready_by = time.monotonic() + CONNECT_SECONDS
        connect(self._client, self._address)
        while not self._ready:
            self._read()
            self._acknowledge()
            self._check_connection()

    def _recalled_receipts(self) -> Receipts:
        receipts = Receipts(MAX_IN_FLIGHT)
        with closing(new_reader()) as consumer:
            receipts.recall(consumer, [topic.value for topic in Topic])
        return receipts

    def _check_connection(self) -> None:
        """Raise MqttError where the broker refused, or let too long pass.

        A broker can send what the session kept before it answers the subscription, so that is read and acknowledged
        meanwhile.
        """
        if self._refusal:
            raise MqttError(self._refusal)
        if not self._ready and time.monotonic() > self._ready_by:
            raise MqttError("the MQTT broker does not answer")

    def _disconnect(self) -> None:
        """Forget what is not acknowledged: the broker sends it again to the next connection."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None
        self._in_flight = InFlight(ACKNOWLEDGE_SECONDS)
        if self._producer is not None:
            producer, self._producer = self._producer, None
            close_producer(producer)

    def _read(self) -> None:
        assert self._client
        before = len(self._in_flight)
        result = self._client.loop(UNSETTLED_SECONDS if self._in_flight else IDLE_SECONDS)
        # paho takes one message for each look at the socket; behind one there are often more.
        while result == mqtt.MQTT_ERR_SUCCESS and before < len(self._in_flight) < MAX_IN_FLIGHT:
            before = len(self._in_flight)
            result = self._client.loop_read()
        if result != mqtt.MQTT_ERR_SUCCESS:
            raise MqttError(f"lost the MQTT broker ({mqtt.error_string(result)})")

    def _acknowledge(self) -> int:
        assert self._client
        settled = self._in_flight.settled()
        for mid, qos in settled:
            self._client.ack(mid, qos)
        return len(settled)

    def _on_connect(
        self, client: mqtt.Client, userdata: object, flags: mqtt.ConnectFlags, code: ReasonCode, properties: object
    ) -> None:
        if code.is_failure:
            self._refusal = f"the MQTT broker refuses the bridge: {code}"
            return
        topics = [topic for device in DEVICES for topic in device.subscriptions(self._house)]
        client.subscribe([(topic, 1) for topic in topics])

    def _on_subscribe(
        self, client: mqtt.Client, userdata: object, mid: int, codes: list[ReasonCode], properties: object
    ) -> None:
        if any(code.is_failure for code in codes):
            self._refusal = "the MQTT broker refuses a subscription of the bridge"
            return
        self._ready = True
        log.info("bridge: connected to %s:%d", self._address.host, self._address.port)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        assert self._receipts
        topic, payload = message.topic, bytes(message.payload)
        receipt = receipt_of(message.mid, topic, payload)
        received_at = self._receipts.time_of(receipt, datetime.now(UTC), repeated=message.dup)
        if len(payload) > MAX_PAYLOAD_BYTES:
            outcome: Outcome = Bad(Reason.INVALID, f"{len(payload)} bytes, of which the first are kept")
        else:
            outcome = translate(topic, payload, received_at, self._house)
        self._messages_in.inc()
        self._watch.count(messages=1, bad=isinstance(outcome, Bad))
        delivery = None
        if isinstance(outcome, Skip):
            MESSAGES_SKIPPED.labels(NAME, outcome.why).inc()
        else:
            record = _record_of(topic, payload, outcome, received_at)
            delivery = self._send(*record, header_of(receipt, received_at))
        self._in_flight.add(message.mid, message.qos, delivery)

    def _send(self, topic: Topic, key: str, value: bytes, header: tuple[str, bytes]) -> Delivery:
        assert self._producer
        self._messages_out[topic].inc()
        delivery: Delivery = self._producer.send(topic.value, key=key.encode(), value=value, headers=[header])
        return delivery


def _record_of(origin: str, payload: bytes, outcome: Reading | Bad, received_at: datetime) -> tuple[Topic, str, bytes]:
    """Return the topic, key and value of the Kafka record that an MQTT message becomes."""
    if isinstance(outcome, Reading):
        value = encode_reading(outcome)
        if len(value) <= MAX_RECORD_BYTES:
            return outcome.topic, outcome.device_id, value
        # `1e15` is three bytes in a payload and sixteen in what is written of it.
        outcome = Bad(Reason.INVALID, f"{len(value)} bytes as a record, more than Kafka takes")
    MESSAGES_BAD.labels(NAME, outcome.reason).inc()
    letter = DeadLetterMessage(
        origin=origin,
        payload=payload[:MAX_PAYLOAD_BYTES],
        reason=outcome.reason,
        detail=outcome.detail,
        failed_at=received_at,
    )
    return Topic.DEAD_LETTER, origin, encode_dead_letter(letter)


def make_worker() -> BridgeWorker:
    """Build the bridge of this house from the settings."""
    return BridgeWorker(
        house_from_settings(), parse_url(settings.MQTT_URL), settings.MQTT_CLIENT_ID, settings.BAD_SHARE_LIMIT
    )

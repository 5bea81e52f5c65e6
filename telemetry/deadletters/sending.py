"""Sending what is in a dead letter again, on the way that it would have gone."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError, RetriableError

from bridge.devices import translate
from bridge.devices.device import House
from bridge.messages import Bad, Reading, Skip, Topic, encode_reading
from homelab_site.kafka import DELIVERY_MS, close_producer, new_producer
from telemetry.deadletters.models import DeadLetter, Source


@dataclass(frozen=True, slots=True)
class KafkaMessage:
    topic: str
    key: str
    value: bytes


class _Delivery(Protocol):
    """The part of a Kafka producer's future that waits for the acknowledgement."""

    def get(self, timeout: float) -> object: ...


def message_of(letter: DeadLetter, house: House) -> KafkaMessage | str:
    """Return what to send for a letter, or why there is nothing to send.

    A Kafka record goes to its own topic as it is. An MQTT message is translated as the bridge does it, with the
    time at which it was received.
    """
    if letter.source == Source.KAFKA:
        if letter.origin not in set(Topic):
            return f"{letter.origin} is no topic of the house"
        return KafkaMessage(letter.origin, letter.key, letter.content)
    match translate(letter.origin, letter.content, letter.failed_at, house):
        case Reading() as reading:
            return KafkaMessage(reading.topic.value, reading.device_id, encode_reading(reading))
        case Skip(why):
            return f"no telemetry, so there is nothing to store: {why}"
        case Bad(reason, detail):
            return f"still bad ({reason.value}): {detail}"


def deliver(messages: Sequence[KafkaMessage]) -> list[str]:
    """Send messages and wait for Kafka; return for each what went wrong, empty where it is acknowledged."""
    if not messages:
        return []
    try:
        with _producer() as producer:
            for topic in {message.topic for message in messages}:
                # A broker that has just gone is found out here, and not by each message in turn.
                producer.partitions_for(topic)
            sent = [_send(producer, message) for message in messages]
            # The producer's own limit does not hold while it has no id from the broker yet.
            deadline = time.monotonic() + DELIVERY_MS / 1000
            return [delivery if isinstance(delivery, str) else _wait_for(delivery, deadline) for delivery in sent]
    except (KafkaError, OSError) as error:
        return [_explain(error)] * len(messages)


@contextmanager
def _producer() -> Iterator[KafkaProducer]:
    producer = new_producer()
    try:
        yield producer
    finally:
        close_producer(producer)


def _send(producer: KafkaProducer, message: KafkaMessage) -> _Delivery | str:
    try:
        delivery: _Delivery = producer.send(message.topic, key=message.key.encode() or None, value=message.value)
    except KafkaError as error:
        return _explain(error)
    return delivery


def _wait_for(delivery: _Delivery, deadline: float) -> str:
    try:
        delivery.get(max(0.0, deadline - time.monotonic()))
    except KafkaError as error:
        return _explain(error)
    return ""


def _explain(error: KafkaError | OSError) -> str:
    if isinstance(error, RetriableError | OSError):
        return f"Kafka does not answer ({type(error).__name__})"
    return f"Kafka refuses the message ({error})"

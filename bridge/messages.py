"""The message on the bus: what a reading looks like between the bridge and everything behind it.

This module alone knows the format of the Kafka topics. A message's value is the device's own JSON object with
`ts`, `received_at`, `device_id`, `tags` and `fields` added, so that a client that knows the device's shape can
still read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

Value = int | float | bool | str | list[str] | None
"""What a normalised field can hold; the unit is the one of the table's column of the same name."""


class Topic(StrEnum):
    """The Kafka topics of the house."""

    ENERGY = "homelab-energy-realtime"
    HEATPUMP = "homelab-heatpump-telemetry"
    TEMPERATURE_INDOOR = "homelab-temperature-indoor"
    TEMPERATURE_OUTDOOR = "homelab-temperature-outdoor"
    DEAD_LETTER = "homelab-dead-letter"


RETENTION: Mapping[Topic, timedelta] = {
    topic: timedelta(days=30) if topic is Topic.DEAD_LETTER else timedelta(hours=24) for topic in Topic
}


class Reason(StrEnum):
    """Why a message is a dead letter. The admin filters by it."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NOT_OURS = "not_ours"
    UNTRUSTED = "untrusted"
    INVALID = "invalid"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of one device, normalised.

    `ts` is the device's own time where that is sane, else `received_at`; both are aware and in UTC. `raw` is the
    device's JSON object as it came.
    """

    topic: Topic
    device_id: str
    ts: datetime
    received_at: datetime
    tags: Mapping[str, str]
    fields: Mapping[str, Value]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Skip:
    """A message that is right but no telemetry, such as a button press. Counted, not kept."""

    why: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A message that cannot become a reading. Kept as a dead letter."""

    reason: Reason
    detail: str


Outcome = Reading | Skip | Bad


class Message(msgspec.Struct, frozen=True):
    """What a consumer of a telemetry topic needs of a message's value."""

    ts: datetime
    received_at: datetime
    device_id: str
    tags: dict[str, str]
    fields: dict[str, Value]


class DeadLetterMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A value on the dead letter topic. `payload` is base64 in JSON; `origin` is an MQTT topic."""

    origin: str
    payload: bytes
    reason: str
    detail: str
    failed_at: datetime


_message_decoder = msgspec.json.Decoder(Message)
_dead_letter_decoder = msgspec.json.Decoder(DeadLetterMessage)
_encoder = msgspec.json.Encoder()


def encode_reading(reading: Reading) -> bytes:
    """Return the Kafka message value of a reading."""
    return _encoder.encode(
        {
            **reading.raw,
            "ts": reading.ts,
            "received_at": reading.received_at,
            "device_id": reading.device_id,
            "tags": reading.tags,
            "fields": reading.fields,
        }
    )


def decode_message(value: bytes) -> Message:
    """Read a telemetry message's value; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    message = _message_decoder.decode(value)
    for moment in (message.ts, message.received_at):
        if moment.tzinfo is None:
            raise msgspec.ValidationError("time without a time zone")
    if not EARLIEST_SANE <= message.ts < LATEST_SANE:
        raise msgspec.ValidationError(f"time before {EARLIEST_SANE.year} or after {LATEST_SANE.year - 1} - at `$.ts`")
    return message


def encode_dead_letter(letter: DeadLetterMessage) -> bytes:
    """Return the Kafka message value of a dead letter."""
    return _encoder.encode(letter)


def decode_dead_letter(value: bytes) -> DeadLetterMessage:
    """Read a dead letter's value; raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return _dead_letter_decoder.decode(value)


EARLIEST_SANE = datetime(2020, 1, 1, tzinfo=UTC)
LATEST_SANE = datetime(9000, 1, 1, tzinfo=UTC)
"""Later times may have no local time in the house's zone, and could not be shown."""
FURTHEST_AHEAD = timedelta(days=1)


def is_sane(moment: datetime, received_at: datetime) -> bool:
    """Tell whether a device's clock can be believed: between 2020 and one day ahead of the bridge's clock."""
    return EARLIEST_SANE <= moment <= received_at + FURTHEST_AHEAD

"""What the simulated devices publish, and what should become of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec


class Stream(StrEnum):
    """The kind of reading that a topic carries."""

    ENERGY = "energy"
    HEATPUMP = "heatpump"
    TEMPERATURE = "temperature"


class Kind(StrEnum):
    """What should become of a message."""

    READING = "reading"
    """One row, at the device's own time."""
    CLOCKLESS = "clockless"
    """One row for each delivery, at the time of receipt: the device has no time that can be believed."""
    REPEAT = "repeat"
    """No row: an earlier message had this device and time."""
    EVENT = "event"
    """No row: right, but no telemetry."""
    BAD = "bad"
    """A dead letter."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message on its way to MQTT. The payload is a JSON object, or bytes that are none."""

    stream: Stream
    topic: str
    payload: dict[str, Any] | bytes
    kind: Kind = Kind.READING

    def encode(self) -> bytes:
        return self.payload if isinstance(self.payload, bytes) else msgspec.json.encode(self.payload)

"""Readings of the simulated meter, as it publishes them over MQTT and as the bridge writes them to Kafka."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from bridge.devices.device import House
from bridge.devices.saveeye import DEVICE, TOPIC
from bridge.messages import Reading, encode_reading
from bridge.simulator.household import Load
from bridge.simulator.meter import SERIAL, Meter

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""The time of the first reading; each is a second after the one before."""


def payloads(count: int, first: datetime = FIRST) -> Iterator[bytes]:
    """Make MQTT payloads of one meter, of about 830 bytes."""
    random = Random(9)  # noqa: S311 - the same in every run
    meter = Meter(random)
    for second in range(count):
        meter.measure([Load(random.uniform(100, 2_000), random.uniform(-50, 200)) for _ in range(3)])
        yield msgspec.json.encode(meter.payload(first + timedelta(seconds=second)))


def values(count: int, first: datetime = FIRST) -> Iterator[bytes]:
    """Make what the bridge writes to Kafka of such payloads, of about 1,340 bytes."""
    house = House()
    for payload in payloads(count, first):
        reading = DEVICE.parse(TOPIC, payload, datetime.now(UTC), house)
        assert isinstance(reading, Reading)
        yield encode_reading(reading)


__all__ = ["FIRST", "SERIAL", "TOPIC", "payloads", "values"]

"""The kinds of device in the house. A new one is a module here and a line in `DEVICES`."""

from datetime import datetime
from functools import lru_cache

from paho.mqtt.client import topic_matches_sub

from bridge.devices import saveeye, shelly, thermiq
from bridge.devices.device import Device, House
from bridge.messages import Bad, Outcome, Reason

DEVICES: tuple[Device, ...] = (
    saveeye.DEVICE,
    thermiq.DEVICE,
    shelly.DEVICE,
)

# Devices publish to the same few topics again and again.
_matches = lru_cache(maxsize=256)(topic_matches_sub)


def translate(topic: str, payload: bytes, received_at: datetime, house: House) -> Outcome:
    """Read an MQTT message as the kind of device that publishes to its topic does; never raises."""
    for device in DEVICES:
        if any(_matches(subscription, topic) for subscription in device.subscriptions(house)):
            return device.parse(topic, payload, received_at, house)
    return Bad(Reason.NOT_OURS, "no device of the house publishes to this topic")

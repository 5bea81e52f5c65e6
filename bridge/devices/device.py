"""What the bridge asks of a kind of device."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bridge.messages import Outcome

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the devices do not know of themselves: where they are, and what the house calls them.

    `thermiq_nodes` are the node names of ThermIQ interfaces. `locations` maps a sensor's device id to a room;
    a sensor that is not named there is `indoor`. `time_zone` is the one of the heat pump's local clock.
    """

    thermiq_nodes: tuple[str, ...] = ("thermiq_heatpump",)
    locations: Mapping[str, str] = field(default_factory=dict)
    time_zone: ZoneInfo = STOCKHOLM


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A kind of device: which MQTT topics it publishes to, and how its payloads are read.

    `parse(topic, payload, received_at, house)` is pure and never raises: whatever the bytes, the outcome is a
    reading, a skip or a bad message.
    """

    name: str
    subscriptions: Callable[[House], tuple[str, ...]]
    parse: Callable[[str, bytes, datetime, House], Outcome]

"""Shelly H&T Gen3: a room sensor of temperature and humidity that sleeps between its messages.

A frame is a JSON-RPC notification (https://shelly-api-docs.shelly.cloud/gen2/General/Notifications). Temperature in
degC and degF, humidity and battery in percent, battery also in V, uptime in s, free memory in bytes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.devices.clock import first_sane, unix_time
from bridge.devices.device import Device, House
from bridge.devices.json_object import decode_object
from bridge.devices.storable import storable
from bridge.devices.values import Columns, decimal, flag, member, number, read_columns, text, whole
from bridge.messages import Bad, Outcome, Reading, Reason, Skip, Topic, Value

SUBSCRIPTION = "+/events/rpc"
ID_PREFIX = "shellyhtg3-"
ROOM_UNLESS_SET = "indoor"

FULL_STATUS = "NotifyFullStatus"
CHANGED_STATUS = "NotifyStatus"
EVENT = "NotifyEvent"

COLUMNS: Columns = {
    "temperature_c": (("temperature:0", "tC"), decimal),
    "temperature_f": (("temperature:0", "tF"), decimal),
    "humidity": (("humidity:0", "rh"), decimal),
    "wifi_rssi": (("wifi", "rssi"), whole),
    "battery_voltage": (("devicepower:0", "battery", "V"), decimal),
    "battery_percent": (("devicepower:0", "battery", "percent"), whole),
    "external_power": (("devicepower:0", "external", "present"), flag),
    "uptime": (("sys", "uptime"), whole),
    "ram_free": (("sys", "ram_free"), whole),
}
OUTDOOR_COLUMNS: Mapping[str, Value] = {"wind_speed_ms": None, "pressure_hpa": None}


def parse(topic: str, payload: bytes, received_at: datetime, house: House) -> Outcome:
    """Read one frame of a sensor. Other Shelly devices publish to the same pattern of topics, and are skipped."""
    if not topic.startswith(ID_PREFIX):
        return Skip("other device")
    frame = decode_object(payload)
    if isinstance(frame, Bad):
        return frame
    method = frame.get("method")
    if method in (FULL_STATUS, CHANGED_STATUS):
        return _read_status(frame, received_at, house)
    if not isinstance(method, str):
        return Bad(Reason.INVALID, "the frame names no method")
    return Skip("event" if method == EVENT else "other method")


def _read_status(frame: Mapping[str, Any], received_at: datetime, house: House) -> Outcome:
    sensor, params = text(frame.get("src")) or "", frame.get("params")
    if not sensor.startswith(ID_PREFIX) or sensor == ID_PREFIX:
        return Bad(Reason.INVALID, f"src is not the id of a sensor, {ID_PREFIX} and its MAC address")
    if not isinstance(params, dict):
        return Bad(Reason.INVALID, "params is not an object")
    if frame["method"] == CHANGED_STATUS and not _carries_values(params):
        return Skip("nothing to store")
    return storable(
        Reading(
            topic=Topic.TEMPERATURE_INDOOR,
            device_id=sensor,
            ts=first_sane([unix_time(number(params.get("ts")))], received_at),
            received_at=received_at,
            tags={
                "device_id": sensor,
                "mac_address": _mac(sensor, params),
                "location": house.locations.get(sensor, ROOM_UNLESS_SET),
            },
            fields={**read_columns(params, COLUMNS), **OUTDOOR_COLUMNS},
            raw=frame,
        )
    )


def _carries_values(params: Mapping[str, Any]) -> bool:
    """Tell whether a change is one of ours: a sensor also tells when, say, its cloud connection changed."""
    return any(member(params, path) is not None for path, _ in COLUMNS.values())


def _mac(sensor: str, params: Mapping[str, Any]) -> str:
    """Return the MAC address in lower case, as the id ends with it: a change carries no `sys.mac`."""
    return (text(member(params, ("sys", "mac"))) or sensor.removeprefix(ID_PREFIX)).lower()


DEVICE = Device(name="shelly", subscriptions=lambda house: (SUBSCRIPTION,), parse=parse)

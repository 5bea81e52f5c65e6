"""SaveEye: a reader on the electricity meter, one message a second.

The members are those that the maker's own integration reads (https://github.com/saveeye/SaveEye-HomeAssistant).
Power in W, energy in Wh, voltage in V, current in mA, power factor in percent, signal strength in dBm. Counters are
passed on as they come: one that drops is for those who know what came before and after it.
"""

from datetime import UTC, datetime

from bridge.devices.clock import first_sane, iso_time
from bridge.devices.device import Device, House
from bridge.devices.json_object import decode_object
from bridge.devices.storable import storable
from bridge.devices.values import Columns, decimal, number, read_columns, text, whole
from bridge.messages import Bad, Outcome, Reading, Topic

TOPIC = "saveeye/telemetry"

COLUMNS: Columns = {
    "wifi_rssi": (("wifiRssi",), whole),
    "active_power_total": (("activeActualConsumption", "total"), whole),
    "active_power_l1": (("activeActualConsumption", "L1"), whole),
    "active_power_l2": (("activeActualConsumption", "L2"), whole),
    "active_power_l3": (("activeActualConsumption", "L3"), whole),
    "active_production_total": (("activeActualProduction", "total"), whole),
    "active_energy_total": (("activeTotalConsumption", "total"), whole),
    "active_energy_production": (("activeTotalProduction", "total"), whole),
    "voltage_l1": (("rmsVoltage", "L1"), decimal),
    "voltage_l2": (("rmsVoltage", "L2"), decimal),
    "voltage_l3": (("rmsVoltage", "L3"), decimal),
    "current_l1": (("rmsCurrent", "L1"), whole),
    "current_l2": (("rmsCurrent", "L2"), whole),
    "current_l3": (("rmsCurrent", "L3"), whole),
    "power_factor": (("powerFactor", "total"), decimal),
}


def parse(topic: str, payload: bytes, received_at: datetime, house: House) -> Outcome:
    """Read one message of the meter."""
    message = decode_object(payload)
    if isinstance(message, Bad):
        return message
    serial = _serial(message.get("saveeyeDeviceSerialNumber"))
    tags = {"device_serial": serial}
    if meter_type := text(message.get("meterType")):
        tags["meter_type"] = meter_type
    return storable(
        Reading(
            topic=Topic.ENERGY,
            device_id=serial,
            ts=first_sane([iso_time(message.get("timestamp"), UTC, received_at)], received_at),
            received_at=received_at,
            tags=tags,
            fields=read_columns(message, COLUMNS),
            raw=message,
        )
    )


def _serial(value: object) -> str:
    """Return the serial as text, empty if there is none: some firmware sends a number."""
    digits = number(value)
    if digits is not None and digits == int(digits):
        return str(int(digits))
    return text(value) or ""


DEVICE = Device(name="saveeye", subscriptions=lambda house: (TOPIC,), parse=parse)

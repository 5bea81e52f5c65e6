"""Reading what room and outdoor sensors measured: degC, percent, V, dBm. Sensors are asked for by their location."""

from dataclasses import dataclass
from datetime import datetime

from telemetry.selection import Selection


@dataclass(frozen=True, slots=True)
class RoomReading:
    """A reading of a sensor; a sensor that sends only what changed leaves the rest null."""

    time: datetime
    location: str
    device_id: str
    temperature_c: float | None
    humidity: float | None
    battery_percent: int | None


@dataclass(frozen=True, slots=True)
class SensorReading(RoomReading):
    """A reading with what it says of the sensor itself."""

    mac_address: str | None
    wifi_rssi: int | None
    battery_voltage: float | None


def reading_latest(*, location: str) -> RoomReading | None:
    """Return the newest reading of a location if there is any."""
    return Selection(RoomReading, f"{_LATEST} WHERE location = %(location)s", {"location": location}).first()


def readings_latest() -> Selection[RoomReading]:
    """Select the newest reading of each location."""
    return Selection(RoomReading, f"{_LATEST} ORDER BY location", {})


def readings_newest_first(*, location: str, start: datetime) -> Selection[SensorReading]:
    """Select the readings of a location from a moment on."""
    return Selection(
        SensorReading,
        """
        SELECT time, location, device_id, temperature_c, humidity, battery_percent, mac_address, wifi_rssi,
            battery_voltage
        FROM temperature_sensors WHERE location = %(location)s AND time >= %(start)s ORDER BY time DESC, device_id DESC
        """,
        {"location": location, "start": start},
    )


_LATEST = "SELECT time, location, device_id, temperature_c, humidity, battery_percent FROM temperature_latest"

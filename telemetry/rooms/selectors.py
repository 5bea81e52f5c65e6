"""Reading what room and outdoor sensors measured: degC, percent, V, dBm. Sensors are asked for by their location."""

from dataclasses import dataclass
from datetime import datetime

from telemetry.selection import Selection

BATTERY_LOW_PERCENT = 15


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


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of a location: the newest value of each kind within its last day.

    `time` is of its newest reading, `since` of the reading with the temperature; a sensor may send only what changed.
    """

    location: str
    time: datetime
    temperature_c: float | None
    since: datetime | None
    humidity: float | None
    battery_percent: int | None

    @property
    def is_battery_low(self) -> bool:
        return self.battery_percent is not None and self.battery_percent <= BATTERY_LOW_PERCENT


def rooms() -> Selection[Room]:
    """Select what is known of each location. A reading dated in the future counts only where there is no other."""
    return Selection(
        Room,
        f"""
        SELECT newest.location, newest.time, temperature_c.value, temperature_c.time, humidity.value,
            battery_percent.value
        FROM ({_NEWEST_UNTIL_NOW}) AS newest
        LEFT JOIN LATERAL ({_newest_value("temperature_c")}) AS temperature_c ON true
        LEFT JOIN LATERAL ({_newest_value("humidity")}) AS humidity ON true
        LEFT JOIN LATERAL ({_newest_value("battery_percent")}) AS battery_percent ON true
        ORDER BY newest.location
        """,  # noqa: S608 - the columns are ours
        {},
    )


@dataclass(frozen=True, slots=True)
class Climate:
    """Temperature (mean, lowest, highest; degC) and humidity (percent) of a location from `time` on.

    It is of an hour, or of a day or a month of the house.
    """

    location: str
    time: datetime
    temperature_c: float | None
    lowest_c: float | None
    highest_c: float | None
    humidity: float | None


def readings_between(*, start: datetime, end: datetime) -> Selection[RoomReading]:
    """Select the readings of all locations, each location's oldest first."""
    return Selection(
        RoomReading,
        """
        SELECT time, location, device_id, temperature_c, humidity, battery_percent FROM temperature_sensors
        WHERE location IS NOT NULL AND time >= %(start)s AND time < %(end)s ORDER BY location, time
        """,
        {"start": start, "end": end},
    )


def climate_hours(*, start: datetime, end: datetime) -> Selection[Climate]:
    """Select the hours of all locations that start in a range, each location's oldest first."""
    return _climate("hour_start", start, end)


def climate_days(*, start: datetime, end: datetime) -> Selection[Climate]:
    """Select the house's days of all locations, of hours that start in a range, each location's oldest first."""
    return _climate("date_trunc('day', hour_start, house.time_zone)", start, end)


def climate_months(*, start: datetime, end: datetime) -> Selection[Climate]:
    """Select the house's months of all locations, of hours that start in a range, each location's oldest first."""
    return _climate("date_trunc('month', hour_start, house.time_zone)", start, end)


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


def _climate(interval: str, start: datetime, end: datetime) -> Selection[Climate]:
    """Select hours put together by the interval in which they lie; several sensors of a location count alike."""
    return Selection(
        Climate,
        f"""
        SELECT location, {interval} AS starts, avg(avg_temperature_c), min(min_temperature_c), max(max_temperature_c),
            avg(avg_humidity)
        FROM temperature_hourly, house
        WHERE location IS NOT NULL AND hour_start >= %(start)s AND hour_start < %(end)s
        GROUP BY location, starts ORDER BY location, starts
        """,  # noqa: S608 - the interval is ours
        {"start": start, "end": end},
    )


def _newest_value(column: str) -> str:
    """Return a query for the newest value of a column, and its time, at the place and within the day of `newest`."""
    return f"""
        SELECT {column} AS value, time FROM temperature_sensors AS reading
        WHERE reading.device_id = newest.device_id AND reading.location = newest.location
          AND reading.time > newest.time - interval '1 day' AND reading.time <= newest.time AND {column} IS NOT NULL
        ORDER BY reading.time DESC LIMIT 1
    """  # noqa: S608 - the column is ours


_LATEST = "SELECT time, location, device_id, temperature_c, humidity, battery_percent FROM temperature_latest"

# In this order only the primary key has them; see energy.selectors.reading_latest.
_NEWEST_UNTIL_NOW = """
    SELECT location, device_id, CASE WHEN time <= now() THEN time ELSE coalesce((
        SELECT reading.time FROM temperature_sensors AS reading
        WHERE reading.device_id BETWEEN latest.device_id AND latest.device_id AND reading.location = latest.location
          AND reading.time <= now()
        ORDER BY reading.device_id DESC, reading.time DESC LIMIT 1
    ), time) END AS time
    FROM temperature_latest AS latest
"""

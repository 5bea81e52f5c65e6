"""A Shelly H&T Gen3 in a room: asleep, but for a look at its room every minute.

The frames are those of https://shelly-api-docs.shelly.cloud/gen2/General/Notifications.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from bridge.devices.shelly import CHANGED_STATUS, EVENT, FULL_STATUS, ID_PREFIX
from bridge.simulator.noise import Drift
from bridge.simulator.weather import saturation

WAKES_EVERY = 60
FULL_EVERY = 2 * 3600
TEMPERATURE_STEP_C, HUMIDITY_STEP = 0.5, 5.0
PEOPLE_VAPOUR = 2.2
"""Water that people add to the outdoor air, in g/m3."""
BATTERY_V, BATTERY_V_PER_DAY = 6.1, 0.004
EMPTY_V, FULL_V = 4.2, 6.2
RAM_BYTES = 166_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where a sensor is: the difference from the house's temperature, and the vapour that a shower leaves (g/m3)."""

    mac: str
    warmer_by: float
    shower_vapour: float = 0.0


ROOMS = (
    Room(mac="e4b32322a0f4", warmer_by=0.0),
    Room(mac="e4b32322b71c", warmer_by=-1.8),
    Room(mac="e4b32322c5e8", warmer_by=0.9, shower_vapour=7.0),
)


@dataclass(frozen=True, slots=True)
class _Seen:
    temperature: float
    humidity: float


class RoomSensor:
    """One sensor. Temperatures in degC, humidity in percent."""

    def __init__(self, random: Random, room: Room, started: datetime) -> None:
        self.id = f"{ID_PREFIX}{room.mac}"
        self._random = random
        self._room = room
        self._started = started
        self._warmth = Drift(random, spread=0.35, memory=2 * 3600)
        self._vapour = Drift(random, spread=0.4, memory=3600)
        self._shower_vapour = 0.0
        self._told: _Seen | None = None
        self._full_at: datetime | None = None

    def wake(self, now: datetime, *, indoor_c: float, outdoor_vapour: float, showering: bool) -> list[dict[str, Any]]:
        """Look at the room, `WAKES_EVERY` seconds after the last time, and return the frames that are sent."""
        seen = self._look(indoor_c, outdoor_vapour, showering)
        told = self._told
        if told is None or self._full_at is None or (now - self._full_at).total_seconds() >= FULL_EVERY:
            self._told, self._full_at = seen, now
            return self._send(now, FULL_STATUS, self._full(now, seen))
        warmer = abs(seen.temperature - told.temperature) >= TEMPERATURE_STEP_C
        damper = abs(seen.humidity - told.humidity) >= HUMIDITY_STEP
        changed: dict[str, Any] = {}
        if warmer:
            changed |= _temperature(seen)
            told = replace(told, temperature=seen.temperature)
        if damper:
            changed |= _humidity(seen)
            told = replace(told, humidity=seen.humidity)
        self._told = told
        return self._send(now, CHANGED_STATUS, changed) if changed else []

    def _look(self, indoor_c: float, outdoor_vapour: float, showering: bool) -> _Seen:
        temperature = indoor_c + self._room.warmer_by + self._warmth.advance(WAKES_EVERY)
        rising = self._room.shower_vapour if showering else 0.0
        self._shower_vapour += (rising - self._shower_vapour) * (0.25 if showering else 0.05)
        vapour = outdoor_vapour + PEOPLE_VAPOUR + self._vapour.advance(WAKES_EVERY) + self._shower_vapour
        humidity = min(max(100 * vapour / saturation(temperature), 5.0), 99.0)
        return _Seen(round(temperature, 1), round(humidity, 1))

    def _send(self, now: datetime, method: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the frame, and the one that says that the sensor goes to sleep again."""
        ts = round(now.timestamp() - self._random.uniform(0.05, 0.6), 2)
        sleep = {"ts": ts, "events": [{"component": "sys", "event": "sleep", "ts": ts}]}
        return [self._frame(method, {"ts": ts, **params}), self._frame(EVENT, sleep)]

    def _frame(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"src": self.id, "dst": f"{self.id}/events", "method": method, "params": params}

    def _full(self, now: datetime, seen: _Seen) -> dict[str, Any]:
        uptime = (now - self._started).total_seconds()
        volts = max(BATTERY_V - BATTERY_V_PER_DAY * uptime / 86_400, EMPTY_V)
        return {
            "ble": {},
            "cloud": {"connected": False},
            "devicepower:0": {
                "id": 0,
                "battery": {"V": round(volts, 2), "percent": round(100 * (volts - EMPTY_V) / (FULL_V - EMPTY_V))},
                "external": {"present": False},
            },
            "ht_ui": {},
            **_humidity(seen),
            "mqtt": {"connected": True},
            "sys": {
                "mac": self._room.mac.upper(),
                "restart_required": False,
                "unixtime": int(now.timestamp()),
                "uptime": int(uptime),
                "ram_free": RAM_BYTES - self._random.randrange(0, 4000, 4),
            },
            **_temperature(seen),
            "wifi": {"status": "got ip", "rssi": -61 + self._random.randint(-4, 4)},
        }


def _temperature(seen: _Seen) -> dict[str, Any]:
    return {"temperature:0": {"id": 0, "tC": seen.temperature, "tF": round(seen.temperature * 9 / 5 + 32, 1)}}


def _humidity(seen: _Seen) -> dict[str, Any]:
    return {"humidity:0": {"id": 0, "rh": seen.humidity}}

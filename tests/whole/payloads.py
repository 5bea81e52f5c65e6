"""Payloads as the devices publish them, as small as can be."""

from datetime import datetime
from typing import Any

SAVEEYE = "saveeye/telemetry"
THERMIQ = "thermiq_heatpump/data"
SHELLY = "shellyhtg3-e4b32322a0f4/events/rpc"


def meter(serial: str, at: datetime | str | None, counter: int, power: int = 500) -> dict[str, Any]:
    """Return a reading of a single-phase meter; `at` None leaves the time out."""
    stamp = {} if at is None else {"timestamp": at if isinstance(at, str) else at.isoformat().replace("+00:00", "Z")}
    return {
        "saveeyeDeviceSerialNumber": serial,
        "meterType": "1",
        **stamp,
        "activeActualConsumption": {"total": power, "L1": power},
        "activeTotalConsumption": {"total": counter, "L1": counter},
    }


def heatpump(at: datetime, **changes: Any) -> dict[str, Any]:
    """Return a reading of the heat pump, with members changed or added."""
    return {"Client_Name": "ThermIQ_test", "timestamp": int(at.timestamp()), "d0": 3, "d5": 35, "d50": 20, **changes}


def room(at: datetime, celsius: float) -> dict[str, Any]:
    """Return a full status of the room sensor."""
    return {
        "src": "shellyhtg3-e4b32322a0f4",
        "dst": "shellyhtg3-e4b32322a0f4/events",
        "method": "NotifyFullStatus",
        "params": {
            "ts": at.timestamp(),
            "temperature:0": {"id": 0, "tC": celsius, "tF": celsius * 1.8 + 32},
            "humidity:0": {"id": 0, "rh": 41.0},
            "sys": {"mac": "E4B32322A0F4", "uptime": 3, "ram_free": 100000},
        },
    }

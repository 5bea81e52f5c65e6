"""A SaveEye reader on a three-phase meter: power in W and var, counters in Wh and varh that are its exact integral."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random
from typing import Any

from bridge.simulator.household import Load
from bridge.simulator.noise import Drift

SERIAL = "2145807713"
METER_TYPE = "Aidon 6534"
METER_SERIAL = "7359992890110462"
PHASES = ("L1", "L2", "L3")
COUNTER_BASE_WH = (8_114_207, 7_020_655, 9_387_342)
REACTIVE_BASE_VARH = (1_204_118, 1_733_904, 640_277)
NOMINAL_VOLTS = 231.0
LINE_OHMS = 0.18
SECONDS_PER_HOUR = 3600


class Meter:
    """The meter, read once a second. Nothing in this house produces power."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._volts = [Drift(random, spread=1.6, memory=600) for _ in PHASES]
        self._active = [0, 0, 0]
        self._reactive = [0, 0, 0]
        self._consumed = [wh * SECONDS_PER_HOUR for wh in COUNTER_BASE_WH]
        self._inductive = [varh * SECONDS_PER_HOUR for varh in REACTIVE_BASE_VARH]
        self._capacitive = [0, 0, 0]

    def measure(self, loads: Sequence[Load]) -> None:
        """Take the load on each phase during the last second."""
        self._active = [max(round(load.active), 0) for load in loads]
        self._reactive = [round(load.reactive) for load in loads]
        for phase in range(len(PHASES)):
            self._consumed[phase] += self._active[phase]
            self._inductive[phase] += max(self._reactive[phase], 0)
            self._capacitive[phase] += max(-self._reactive[phase], 0)
            self._volts[phase].advance(1)

    def payload(self, now: datetime) -> dict[str, Any]:
        """Return the message of a reading, taken at a time in UTC."""
        apparent = [math.hypot(*power) for power in zip(self._active, self._reactive, strict=True)]
        volts = self._volts_under(apparent)
        return {
            "saveeyeDeviceSerialNumber": SERIAL,
            "meterType": METER_TYPE,
            "meterSerialNumber": METER_SERIAL,
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "wifiRssi": -58 + self._random.randint(-3, 3),
            "activeActualConsumption": _with_total(self._active),
            "activeActualProduction": _with_total([0, 0, 0]),
            "activeTotalConsumption": _counters(self._consumed),
            "activeTotalProduction": _with_total([0, 0, 0]),
            "reactiveActualConsumption": _with_total([max(var, 0) for var in self._reactive]),
            "reactiveActualProduction": _with_total([max(-var, 0) for var in self._reactive]),
            "reactiveTotalConsumption": _counters(self._inductive),
            "reactiveTotalProduction": _counters(self._capacitive),
            "rmsVoltage": _by_phase(round(one) for one in volts),
            "rmsCurrent": _by_phase(round(1000 * va / volt) for va, volt in zip(apparent, volts, strict=True)),
            "powerFactor": {
                "total": _percent(sum(self._active), math.hypot(sum(self._active), sum(self._reactive))),
                **_by_phase(_percent(w, va) for w, va in zip(self._active, apparent, strict=True)),
            },
        }

    def _volts_under(self, apparent: Sequence[float]) -> list[float]:
        """Return each phase's voltage, which falls a little under load."""
        return [
            NOMINAL_VOLTS + drift.value - LINE_OHMS * va / NOMINAL_VOLTS
            for drift, va in zip(self._volts, apparent, strict=True)
        ]


def _by_phase(values: Iterable[int]) -> dict[str, int]:
    return dict(zip(PHASES, values, strict=True))


def _with_total(values: Sequence[int]) -> dict[str, int]:
    return {"total": sum(values), **_by_phase(values)}


def _counters(watt_seconds: Sequence[int]) -> dict[str, int]:
    """Return full Wh. The total can be more than its parts, which each lack a fraction of their own."""
    return {
        "total": sum(watt_seconds) // SECONDS_PER_HOUR,
        **_by_phase(one // SECONDS_PER_HOUR for one in watt_seconds),
    }


def _percent(part: float, whole: float) -> int:
    return round(100 * part / whole) if whole else 100

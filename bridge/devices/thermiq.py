"""ThermIQ: an interface in a Thermia or Danfoss heat pump, one flat message of registers every 30 seconds.

Temperatures in degC, run times in h, pump speed in percent, the integral in degC min.
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from bridge.devices.clock import first_sane, iso_time, unix_time
from bridge.devices.device import Device, House
from bridge.devices.json_object import decode_object
from bridge.devices.storable import storable
from bridge.devices.thermiq_registers import (
    ALARMS,
    COUNTS,
    FLAGS,
    INDOOR_DEGREES,
    INDOOR_TENTHS,
    LARGEST,
    SETTINGS,
    SMALLEST,
    TEMPERATURES,
    Bit,
    Measurement,
    Setting,
)
from bridge.messages import Bad, Outcome, Reading, Reason, Topic, Value

CLIENT_PREFIX = "ThermIQ_"

Registers = Mapping[int, float]
"""The registers of a message that hold a 16-bit number, by register number, as they came."""


def subscriptions(house: House) -> tuple[str, ...]:
    """Return the topics that the house's interfaces publish their readings to."""
    return tuple(f"{node}/data" for node in house.thermiq_nodes)


def write_topic(node: str) -> str:
    """Return the topic that an interface takes writes from."""
    return f"{node}/write"


def encode_write(setting: Setting, value: int) -> bytes:
    """Return the message that sets a register: one register, a negative value as 16-bit two's complement."""
    return msgspec.json.encode({f"d{setting.register}": value & 0xFFFF})


def parse(topic: str, payload: bytes, received_at: datetime, house: House) -> Outcome:
    """Read one message of a heat pump; the pump's id is the name of its node."""
    message = decode_object(payload)
    if isinstance(message, Bad):
        return message
    if not str(message.get("Client_Name")).startswith(CLIENT_PREFIX):
        return Bad(Reason.NOT_OURS, f"Client_Name is not a string that starts with {CLIENT_PREFIX}")
    if str(message.get("vp_read")).strip().upper() == "MISMATCH":
        return Bad(Reason.UNTRUSTED, "vp_read is MISMATCH: the interface had lost the pump")
    node = topic.removesuffix("/data")
    return storable(
        Reading(
            topic=Topic.HEATPUMP,
            device_id=node,
            ts=first_sane(_times(message, received_at, house), received_at),
            received_at=received_at,
            tags={"device_id": node},
            fields=_fields(message),
            raw=message,
        )
    )


def _times(message: Mapping[str, object], received_at: datetime, house: House) -> Iterable[datetime | None]:
    yield unix_time(_number(message.get("timestamp")))
    yield iso_time(message.get("time"), house.time_zone, received_at)


def _fields(message: Mapping[str, object]) -> dict[str, Value]:
    registers = _registers(message)
    return {
        **{temperature.name: _temperature(registers, temperature) for temperature in TEMPERATURES},
        "indoor_temp": _indoor_temperature(message, registers),
        **{count.name: _count(registers, count) for count in COUNTS},
        **{flag.name: _is_on(registers, flag) for flag in FLAGS},
        "alarms": _alarms(registers),
        **{setting.name: _setting(registers, setting) for setting in SETTINGS},
    }


def _registers(message: Mapping[str, object]) -> Registers:
    """Find the registers under their decimal or hexadecimal names; of two names for one, the later wins."""
    registers = {}
    for key, value in message.items():
        register, held = _register_number(key), _number(value)
        if register is not None and held is not None and SMALLEST <= held <= LARGEST:
            registers[register] = held
    return registers


def _register_number(key: str) -> int | None:
    """Return the register that a key names: d50 and d050 in decimal, r32 in hexadecimal."""
    if re.fullmatch("[dD][0-9]{1,3}", key):
        return int(key[1:])
    if re.fullmatch("[rR][0-9a-fA-F]{2}", key):
        return int(key[1:], base=16)
    return None


def _number(value: object) -> float | None:
    """Take a finite number, also one in a string."""
    try:
        found = msgspec.convert(value, float, strict=False)
    except msgspec.ValidationError:
        return None
    return found if math.isfinite(found) else None


def _held(registers: Registers, of: Measurement | Setting) -> float | None:
    """Return what a register holds, whether the interface shows its 16 bits as signed or as unsigned."""
    held = registers.get(of.register)
    if held is None:
        return None
    if of.signed:
        return held - 0x10000 if held >= 0x8000 else held
    return held + 0x10000 if held < 0 else held


def _temperature(registers: Registers, of: Measurement) -> float | None:
    held = _held(registers, of)
    return None if held is None else round(held, 1)


def _indoor_temperature(message: Mapping[str, object], registers: Registers) -> float | None:
    """Return what the room sensor says; without one, what the pump sees, if both its parts are in this message."""
    room = _number(message.get("INDR_T"))
    if room is not None:
        return round(room, 1)
    degrees, tenths = _held(registers, INDOOR_DEGREES), _held(registers, INDOOR_TENTHS)
    return None if degrees is None or tenths is None else round(degrees + tenths / 10, 1)


def _count(registers: Registers, of: Measurement) -> int | None:
    held = _held(registers, of)
    return None if held is None else round(held)


def _setting(registers: Registers, of: Setting) -> int | None:
    """Return the setting that the pump echoes; a fraction is none, since rounding it could confirm a command."""
    held = _held(registers, of)
    return None if held is None or not held.is_integer() else int(held)


def _is_on(registers: Registers, bit: Bit) -> bool | None:
    held = registers.get(bit.register)
    return None if held is None or not held.is_integer() else bool(int(held) >> bit.bit & 1)


def _alarms(registers: Registers) -> list[str] | None:
    """Return the names of the alarms that are on; None if the message has none of their registers."""
    states = {alarm.name: _is_on(registers, alarm) for alarm in ALARMS}
    known = {name: on for name, on in states.items() if on is not None}
    return [name for name, on in known.items() if on] if known else None


DEVICE = Device(name="thermiq", subscriptions=subscriptions, parse=parse)

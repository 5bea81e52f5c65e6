"""What goes wrong with the devices of a house, now and then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bridge.simulator.message import Kind, Message, Stream
from bridge.simulator.noise import chance

Fault = Callable[[Random, Message], list[Message]]

SHARE_WITH_FAULT = {Stream.ENERGY: 0.02, Stream.HEATPUMP: 0.3, Stream.TEMPERATURE: 0.5}
HEX_SWITCH_SHARE = 0.05
READER_RESTART_SHARE = 1 / 7200
UNSET_CLOCKS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC))
UNSET_SECONDS = (3, 8)
LATE_SECONDS = (2, 90)
SENSOR_COMPONENTS = ("temperature:0", "humidity:0", "devicepower:0", "wifi")


class Faults:
    """Turns what a house publishes into what arrives on a bad day, the same again for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = chance(seed, "faults")
        self._hex = False
        self._late: list[tuple[datetime, Message]] = []
        self._restart_reader()

    def apply(self, now: datetime, messages: Sequence[Message]) -> list[Message]:
        """Return what is published in a second instead of some messages, with earlier ones that are late."""
        arrived = [message for due, message in self._late if due <= now]
        self._late = [(due, message) for due, message in self._late if due > now]
        for message in messages:
            arrived += self._spoil(now, message)
        return arrived

    def _spoil(self, now: datetime, message: Message) -> list[Message]:
        if message.kind is not Kind.READING:
            return [message]
        if message.stream is Stream.ENERGY and self._reader_is_starting():
            return [self._with_unset_clock(message)]
        if message.stream is Stream.HEATPUMP:
            message = self._in_key_mode(message)
        if self._random.random() >= SHARE_WITH_FAULT[message.stream]:
            return [message]
        fault = self._random.choice((*FAULTS[message.stream], garbage, None))
        if fault is not None:
            return fault(self._random, message)
        self._late.append((now + timedelta(seconds=self._random.randint(*LATE_SECONDS)), message))
        return []

    def _restart_reader(self) -> None:
        self._unset_clock = self._random.choice(UNSET_CLOCKS)
        self._uptime = 0
        self._clock_is_set_at = self._random.randint(*UNSET_SECONDS)

    def _reader_is_starting(self) -> bool:
        """Tell whether the meter's reader has no time yet: at first, and after each restart."""
        self._uptime += 1
        if self._random.random() < READER_RESTART_SHARE:
            self._restart_reader()
        return self._uptime <= self._clock_is_set_at

    def _with_unset_clock(self, message: Message) -> Message:
        shown = self._unset_clock + timedelta(seconds=self._uptime)
        return _changed(message, Kind.CLOCKLESS, timestamp=shown.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def _in_key_mode(self, message: Message) -> Message:
        """Return the message with decimal or hexadecimal keys, as the interface is switched now."""
        if self._random.random() < HEX_SWITCH_SHARE:
            self._hex = not self._hex
        if not self._hex:
            return message
        payload = _object(message)
        return replace(message, payload={_hex_key(key): value for key, value in payload.items()})


def counter_drops_to_zero(random: Random, message: Message) -> list[Message]:
    return [_changed(message, activeTotalConsumption={"total": 0, "L1": 0, "L2": 0, "L3": 0})]


def same_second_twice(random: Random, message: Message) -> list[Message]:
    again = _changed(message, Kind.REPEAT, wifiRssi=_object(message)["wifiRssi"] - 1)
    return [message, again]


def no_timestamp(random: Random, message: Message) -> list[Message]:
    return [_without(message, "timestamp", kind=Kind.CLOCKLESS)]


def no_object(random: Random, message: Message) -> list[Message]:
    nested = [name for name, value in _object(message).items() if isinstance(value, dict)]
    return [_without(message, random.choice(nested))]


def decimals(random: Random, message: Message) -> list[Message]:
    names = ("activeActualConsumption", "activeTotalConsumption", "rmsVoltage", "rmsCurrent", "powerFactor")
    payload = _object(message)
    return [_changed(message, **{name: {key: one + 0.25 for key, one in payload[name].items()} for name in names})]


def serial_as_number(random: Random, message: Message) -> list[Message]:
    return [_changed(message, saveeyeDeviceSerialNumber=int(_object(message)["saveeyeDeviceSerialNumber"]))]


def mismatch(random: Random, message: Message) -> list[Message]:
    """The interface has lost the pump, and its registers hold anything."""
    lost = {key: random.randrange(0x10000) for key in _object(message) if _is_register(key)}
    return [_changed(message, Kind.BAD, **lost, vp_read="MISMATCH")]


def odd_registers(random: Random, message: Message) -> list[Message]:
    payload = _object(message)
    keys = random.sample([key for key in payload if _is_register(key)], 4)
    odd = (None, True, payload[keys[2]] + 0.5, str(payload[keys[3]]))
    return [_changed(message, **dict(zip(keys, odd, strict=True)))]


def foreign_client(random: Random, message: Message) -> list[Message]:
    """Somebody else uses the same topic."""
    foreign = _changed(message, Kind.BAD, Client_Name=random.choice(("Tasmota_5F21", "thermiq_1", 17, None)))
    return [message, foreign]


def no_local_time(random: Random, message: Message) -> list[Message]:
    return [_without(message, "time")]


def no_unix_time(random: Random, message: Message) -> list[Message]:
    return [_without(message, "timestamp")]


def no_time_at_all(random: Random, message: Message) -> list[Message]:
    return [_without(message, "time", "timestamp", kind=Kind.CLOCKLESS)]


def sensor_without_time(random: Random, message: Message) -> list[Message]:
    params = {key: value for key, value in _object(message)["params"].items() if key != "ts"}
    return [_changed(message, Kind.CLOCKLESS, params=params)]


def sensor_time_is_null(random: Random, message: Message) -> list[Message]:
    return [_changed(message, Kind.CLOCKLESS, params={**_object(message)["params"], "ts": None})]


def component_disappears(random: Random, message: Message) -> list[Message]:
    params = _object(message)["params"]
    kept = "temperature:0" if "temperature:0" in params else "humidity:0"
    gone = random.choice([component for component in SENSOR_COMPONENTS if component != kept])
    return [_changed(message, params={**params, gone: None})]


def garbage(random: Random, message: Message) -> list[Message]:
    """Something that is no JSON object comes with the message."""
    half = message.encode()[: random.randint(1, 40)]
    rubbish = random.choice((half, b"", b"\x00\xff\xfe\x80", b"offline", b"[1, 2]", b"null", b"42"))
    return [message, replace(message, payload=rubbish, kind=Kind.BAD)]


FAULTS: dict[Stream, tuple[Fault, ...]] = {
    Stream.ENERGY: (
        *(counter_drops_to_zero, same_second_twice, no_timestamp),
        *(no_object, decimals, serial_as_number),
    ),
    Stream.HEATPUMP: (
        *(mismatch, odd_registers, foreign_client),
        *(no_local_time, no_unix_time, no_time_at_all),
    ),
    Stream.TEMPERATURE: (sensor_without_time, sensor_time_is_null, component_disappears),
}


def _object(message: Message) -> dict[str, Any]:
    assert isinstance(message.payload, dict)
    return message.payload


def _changed(message: Message, kind: Kind = Kind.READING, /, **members: object) -> Message:
    return replace(message, payload={**_object(message), **members}, kind=kind)


def _without(message: Message, *names: str, kind: Kind = Kind.READING) -> Message:
    payload = {name: value for name, value in _object(message).items() if name not in names}
    return replace(message, payload=payload, kind=kind)


def _is_register(key: str) -> bool:
    return key[0] in "dr" and key[1:].isalnum()


def _hex_key(key: str) -> str:
    return f"r{int(key[1:]):02x}" if key[0] == "d" and key[1:].isdecimal() else key

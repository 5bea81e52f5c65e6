"""What three good devices send, mixed with what their broken neighbours do: the same again for the same seed."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.bridge.devices.house import FIXTURES, sent
from tests.whole.bad_input.mutations import Json, mutated

GOOD_SHARE = 0.1
WRONG_TOPIC_SHARE = 0.05
HUGE_SHARE = 0.0001
HUGE_BYTES = 600_000
"""More than the bridge puts into a dead letter, and less than a Kafka broker takes."""

METER, PUMP, SENSOR = "good-meter", "thermiq_heatpump", "shellyhtg3-000000000001"
BROKEN_PUMP = "broken_heatpump"
NODES = (PUMP, BROKEN_PUMP)
BROKEN_TOPICS = {
    "saveeye": "saveeye/telemetry",
    "thermiq": f"{BROKEN_PUMP}/data",
    "shelly": "shellyhtg3-e4b32322a0f4/events/rpc",
}
OTHER_TOPICS = ("shellyplus1-0001/events/rpc", "shellyhtg3-/events/rpc", "saveeye/telemetry/2")


@dataclass(frozen=True, slots=True)
class Row:
    """What a good message has to become: its table, device and time, and the number that it carries."""

    table: str
    device: str
    time: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the MQTT broker, and its row if it is a good one."""

    topic: str
    payload: bytes
    row: Row | None


def of_meter(time: datetime, number: int) -> Message:
    message = sent("saveeye_three_phase")
    message["saveeyeDeviceSerialNumber"] = METER
    message["timestamp"] = f"{time:%Y-%m-%dT%H:%M:%SZ}"
    message["activeTotalConsumption"]["total"] = number
    return _good("saveeye/telemetry", message, Row("energy_consumption", METER, time, number))


def of_pump(time: datetime, number: int) -> Message:
    """The number is in the running time of a heater, whose register has 16 bits."""
    number %= 0x8000
    message = sent("thermiq_decimal")
    message["timestamp"], message["d108"] = int(time.timestamp()), number
    return _good(f"{PUMP}/data", message, Row("heatpump_status", PUMP, time, number))


def of_sensor(time: datetime, number: int) -> Message:
    message = sent("shelly_full_status")
    message["src"], message["params"]["ts"] = SENSOR, time.timestamp()
    message["params"]["sys"]["ram_free"] = number
    return _good(f"{SENSOR}/events/rpc", message, Row("temperature_sensors", SENSOR, time, number))


def _good(topic: str, message: Json, row: Row) -> Message:
    return Message(topic, json.dumps(message).encode(), row)


GOOD: tuple[Callable[[datetime, int], Message], ...] = (of_meter, of_pump, of_sensor)


class Mix:
    """Good and bad messages in any order. The good ones are a second apart, and end at `end`."""

    def __init__(self, seed: int, count: int, end: datetime | None = None) -> None:
        self._random = Random(seed)
        self._count = count
        end = end or datetime.now(UTC).replace(microsecond=0)
        self._start = end - timedelta(seconds=count)
        self._originals = [(path.stem.partition("_")[0], sent(path.stem)) for path in sorted(FIXTURES.glob("*.json"))]

    def __iter__(self) -> Iterator[Message]:
        for number in range(self._count):
            yield self._good(number) if self._random.random() < GOOD_SHARE else self._bad()

    def _good(self, number: int) -> Message:
        return self._random.choice(GOOD)(self._start + timedelta(seconds=number), number)

    def _bad(self) -> Message:
        device, original = self._random.choice(self._originals)
        topic = BROKEN_TOPICS[device]
        if self._random.random() < WRONG_TOPIC_SHARE:
            topic = self._random.choice((*BROKEN_TOPICS.values(), *OTHER_TOPICS))
        if self._random.random() < HUGE_SHARE:
            return Message(topic, b"[" + b"1e15," * (HUGE_BYTES // 5) + b"1]", None)
        return Message(topic, mutated(self._random, copy.deepcopy(original)), None)

"""The devices of a house whose time runs twenty times as fast, on bad days: what they publish is in the books."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bridge.mqtt import parse_url
from bridge.simulator.faults import LATE_SECONDS, Faults
from bridge.simulator.house import SimulatedHouse
from bridge.simulator.message import Kind, Message, Stream
from bridge.simulator.meter import SERIAL
from bridge.simulator.pace import Pace
from tests.whole.chaos.books import Books, Entry, Key, RecordingPublisher

SPEED = 20
ZONE = ZoneInfo("Europe/Stockholm")
CLOCKLESS_SERIAL = f"{SERIAL}0"
"""Of readings without a time. In a house that is minutes behind, they would come after all others of their meter."""
REPLAYED_SHARE = 0.03
PUMP_SECONDS = 0.05
WORD = 0x8000
TABLES = {
    Stream.ENERGY: "energy_consumption",
    Stream.HEATPUMP: "heatpump_status",
    Stream.TEMPERATURE: "temperature_sensors",
}


class Devices(threading.Thread):
    """Publishes until it is told to finish.

    `counter` is what the meter counted, in Wh, at each second. The first and the last reading and those at the edges
    of quarters come as they are, so that energy can be told from the meter's own counter to the watt-hour.
    """

    def __init__(self, url: str, books: Books, seed: int, start: datetime) -> None:
        super().__init__(name="devices", daemon=True)
        self.counter: dict[datetime, int] = {}
        self.by_number: dict[int, Entry] = {}
        self._books = books
        self._random = Random(f"replays {seed}")
        self._house = SimulatedHouse(seed, start, ZONE)
        self._faults = Faults(seed)
        self._publisher = RecordingPublisher(parse_url(url), "devices", books=books)
        self._old: list[tuple[str, bytes]] = []
        self._numbers = iter(range(1, WORD * WORD))
        self._ends = threading.Event()

    def finish(self) -> None:
        """Publish what is late, and a last reading; return when the broker has everything."""
        self._ends.set()
        self.join(120)
        if self.is_alive():
            raise RuntimeError("the devices do not get rid of their messages")

    def run(self) -> None:
        pace = Pace(self._house.now, datetime.now(UTC), SPEED)
        while not self._ends.is_set():
            self._wait_until(pace.due(self._house.now))
            self._tick(is_edge=not self.counter)
        for message in self._faults.apply(self._house.now + timedelta(seconds=LATE_SECONDS[1] + 1), []):
            self._publish(message)
        self._tick(is_edge=True)
        self._publisher.wait_until_acknowledged()
        self._publisher.close()

    def _wait_until(self, due: datetime) -> None:
        while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
            self._publisher.pump(min(left, PUMP_SECONDS))

    def _tick(self, *, is_edge: bool) -> None:
        now = self._house.now
        messages = self._house.tick()
        self.counter[now] = _counter(messages)
        is_edge |= not now.minute % 15 and not now.second
        arrived = [*self._faults.apply(now, []), *messages] if is_edge else self._faults.apply(now, messages)
        for message in arrived:
            self._publish(message)
            self._replay_now_and_then()

    def _publish(self, message: Message) -> None:
        number = next(self._numbers)
        numbered = with_number(message, number)
        payload = numbered.encode()
        entry = self._books.add(message.topic, payload, Entry(kind=message.kind, key=key_of(numbered), number=number))
        self.by_number[number] = entry
        if entry.kind is Kind.READING:
            self._old.append((message.topic, payload))
        self._send(message.topic, payload)

    def _replay_now_and_then(self) -> None:
        """Publish again what was published before, just now or long ago."""
        if self._old and self._random.random() < REPLAYED_SHARE:
            self._send(*self._random.choice((self._old[-1], self._random.choice(self._old))))

    def _send(self, topic: str, payload: bytes) -> None:
        while not (self._publisher.is_connected and self._publisher.has_room):
            self._publisher.pump(PUMP_SECONDS)
        self._publisher.publish(topic, payload)
        self._publisher.pump(0)


def _counter(messages: Iterable[Message]) -> int:
    payload = next(message.payload for message in messages if message.stream is Stream.ENERGY)
    assert isinstance(payload, dict)
    total: int = payload["activeTotalConsumption"]["total"]
    return total


def with_number(message: Message, number: int) -> Message:
    """Put a number where the row keeps it: signal strength, two run times or free memory."""
    payload = message.payload
    if isinstance(payload, bytes) or message.kind is Kind.EVENT:
        return message
    if message.stream is Stream.ENERGY:
        serial = {"saveeyeDeviceSerialNumber": CLOCKLESS_SERIAL} if message.kind is Kind.CLOCKLESS else {}
        return replace(message, payload={**payload, "wifiRssi": number, **serial})
    if message.stream is Stream.HEATPUMP:
        compressor, heater = ("r68", "r6a") if any(key.startswith("r") for key in payload) else ("d104", "d106")
        return replace(message, payload={**payload, compressor: number // WORD, heater: number % WORD})
    system = {**payload["params"].get("sys", {}), "ram_free": number}
    return replace(message, payload={**payload, "params": {**payload["params"], "sys": system}})


def key_of(message: Message) -> Key | None:
    """Return the key of the row that a reading with a time of its own becomes, or would become if it were first."""
    if message.kind not in (Kind.READING, Kind.REPEAT):
        return None
    assert isinstance(message.payload, dict)
    device, moment = _DEVICE_AND_TIME[message.stream](message.topic, message.payload)
    return Key(TABLES[message.stream], device, moment)


def _of_meter(topic: str, payload: Mapping[str, Any]) -> tuple[str, datetime]:
    return SERIAL, datetime.fromisoformat(payload["timestamp"])


def _of_pump(topic: str, payload: Mapping[str, Any]) -> tuple[str, datetime]:
    node = topic.removesuffix("/data")
    if "timestamp" in payload:
        return node, datetime.fromtimestamp(payload["timestamp"], UTC)
    return node, datetime.fromisoformat(payload["time"]).replace(tzinfo=ZONE).astimezone(UTC)


def _of_sensor(topic: str, payload: Mapping[str, Any]) -> tuple[str, datetime]:
    return payload["src"], datetime.fromtimestamp(payload["params"]["ts"], UTC)


_DEVICE_AND_TIME = {Stream.ENERGY: _of_meter, Stream.HEATPUMP: _of_pump, Stream.TEMPERATURE: _of_sensor}

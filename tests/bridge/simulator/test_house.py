from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.devices import translate
from bridge.devices.device import House
from bridge.messages import Reading, Skip
from bridge.simulator.house import SimulatedHouse
from bridge.simulator.message import Kind, Message, Stream

START = datetime(2026, 11, 1, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def make(seed: int = 1) -> SimulatedHouse:
    return SimulatedHouse(seed, START, STOCKHOLM)


def run(house: SimulatedHouse, seconds: int) -> list[Message]:
    return [message for _ in range(seconds) for message in house.tick()]


@pytest.fixture(scope="module")
def hours() -> list[Message]:
    return run(make(), 3 * 3600)


def of(stream: Stream, messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.stream is stream]


def test_the_same_seed_start_and_writes_give_the_same_messages() -> None:
    def live() -> list[Message]:
        house = make()
        before = run(house, 400)
        assert house.take_write(b'{"d50": 24}')
        return before + run(house, 800)

    assert live() == live()


def test_another_seed_gives_another_house() -> None:
    assert run(make(1), 60) != run(make(2), 60)


def test_each_device_sends_in_its_own_rhythm(hours: list[Message]) -> None:
    topics = Counter(message.topic for message in hours)
    assert topics["saveeye/telemetry"] == 3 * 3600
    assert topics["thermiq_heatpump/data"] == 3 * 120
    for mac in ("e4b32322a0f4", "e4b32322b71c", "e4b32322c5e8"):
        assert 4 <= topics[f"shellyhtg3-{mac}/events/rpc"] <= 60
    assert len(topics) == 5


def test_every_device_has_told_something_within_a_minute() -> None:
    assert len({message.topic for message in run(make(), 60)}) == 5


def test_the_bridge_stores_every_reading_at_its_own_time_and_skips_the_events(hours: list[Message]) -> None:
    seen = set()
    received_at = START + timedelta(hours=3)
    for message in hours:
        outcome = translate(message.topic, message.encode(), received_at, House(time_zone=STOCKHOLM))
        if message.kind is Kind.EVENT:
            assert isinstance(outcome, Skip)
        else:
            assert isinstance(outcome, Reading)
            assert START - timedelta(seconds=1) <= outcome.ts < received_at
            seen.add((outcome.device_id, outcome.ts))
    assert len(seen) == sum(message.kind is Kind.READING for message in hours)


def test_every_column_of_the_meter_and_the_pump_has_a_value(hours: list[Message]) -> None:
    for stream in (Stream.ENERGY, Stream.HEATPUMP):
        outcome = translate(of(stream, hours)[0].topic, of(stream, hours)[0].encode(), START, House())
        assert isinstance(outcome, Reading)
        assert [name for name, value in outcome.fields.items() if value is None] == []


def test_the_meter_sees_the_heat_pump(hours: list[Message]) -> None:
    power = {
        message.payload["timestamp"]: message.payload["activeActualConsumption"]["total"]
        for message in of(Stream.ENERGY, hours)
        if isinstance(message.payload, dict)
    }
    for message in of(Stream.HEATPUMP, hours):
        assert isinstance(message.payload, dict)
        compressor_on = message.payload["d16"] & 2
        moment = datetime.fromtimestamp(message.payload["timestamp"] + 1, UTC)
        drawn = power.get(f"{moment:%Y-%m-%dT%H:%M:%SZ}", 0)
        assert drawn > 1500 or not compressor_on


def test_power_is_that_of_a_household(hours: list[Message]) -> None:
    watts = [
        message.payload["activeActualConsumption"]["total"]
        for message in of(Stream.ENERGY, hours)
        if isinstance(message.payload, dict)
    ]
    assert min(watts) > 150
    assert max(watts) < 15_000


def test_a_write_is_echoed_at_the_next_second() -> None:
    house = make()
    run(house, 100)
    assert of(Stream.HEATPUMP, run(house, 1)) == []
    assert house.take_write(b'{"d50": 24}')
    asked_at = house.now
    (echo,) = of(Stream.HEATPUMP, house.tick())
    assert isinstance(echo.payload, dict)
    assert (echo.payload["d50"], echo.payload["timestamp"]) == (24, asked_at.timestamp())
    assert of(Stream.HEATPUMP, house.tick()) == []


def test_an_ignored_write_is_not_answered() -> None:
    house = make()
    run(house, 100)
    assert not house.take_write(b'{"d50": 99}')
    assert of(Stream.HEATPUMP, house.tick()) == []

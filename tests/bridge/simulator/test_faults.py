from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.devices import translate
from bridge.devices.device import House
from bridge.messages import Bad, Outcome, Reading, Reason, Skip
from bridge.simulator.faults import Faults
from bridge.simulator.house import SimulatedHouse
from bridge.simulator.message import Kind, Message

START = datetime(2026, 11, 1, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def run(seconds: int) -> list[tuple[datetime, Message]]:
    house, faults = SimulatedHouse(1, START, STOCKHOLM), Faults(1)
    return [
        (now, message) for _ in range(seconds) for now in [house.now] for message in faults.apply(now, house.tick())
    ]


@pytest.fixture(scope="module")
def hours() -> list[tuple[datetime, Message]]:
    return run(6 * 3600)


def outcome_of(now: datetime, message: Message) -> Outcome:
    return translate(message.topic, message.encode(), now + timedelta(milliseconds=7), House(time_zone=STOCKHOLM))


def test_the_same_seed_gives_the_same_faults() -> None:
    assert run(1200) == run(1200)


def test_the_bridge_makes_of_each_message_what_its_kind_says(hours: list[tuple[datetime, Message]]) -> None:
    stored: set[tuple[str, datetime]] = set()
    for now, message in hours:
        outcome = outcome_of(now, message)
        match message.kind:
            case Kind.READING:
                assert isinstance(outcome, Reading)
                assert outcome.ts != outcome.received_at
                assert (outcome.device_id, outcome.ts) not in stored
                stored.add((outcome.device_id, outcome.ts))
            case Kind.CLOCKLESS:
                assert isinstance(outcome, Reading)
                assert outcome.ts == outcome.received_at
            case Kind.REPEAT:
                assert isinstance(outcome, Reading)
                assert (outcome.device_id, outcome.ts) in stored
            case Kind.EVENT:
                assert isinstance(outcome, Skip)
            case Kind.BAD:
                assert isinstance(outcome, Bad)


def test_dead_letters_have_every_reason(hours: list[tuple[datetime, Message]]) -> None:
    outcomes = [outcome_of(now, message) for now, message in hours if message.kind is Kind.BAD]
    reasons = {outcome.reason for outcome in outcomes if isinstance(outcome, Bad)}
    assert reasons == {Reason.NOT_JSON, Reason.NOT_AN_OBJECT, Reason.NOT_OURS, Reason.UNTRUSTED}


Object = dict[str, Any]
ODDITIES: dict[str, Callable[[Object], bool]] = {
    "a counter at 0": lambda one: one.get("activeTotalConsumption", {}).get("total") == 0,
    "an unset clock": lambda one: str(one.get("timestamp")).startswith(("1970-", "2000-")),
    "a meter without time": lambda one: "wifiRssi" in one and "timestamp" not in one,
    "a missing object": lambda one: "wifiRssi" in one and "rmsVoltage" not in one,
    "decimals": lambda one: isinstance(one.get("activeTotalConsumption", {}).get("total"), float),
    "a serial as a number": lambda one: isinstance(one.get("saveeyeDeviceSerialNumber"), int),
    "a mismatch": lambda one: one.get("vp_read") == "MISMATCH",
    "hexadecimal keys": lambda one: "r32" in one,
    "decimal keys": lambda one: "d50" in one,
    "a foreign client": lambda one: one.get("Client_Name") == "Tasmota_5F21",
    "no local time": lambda one: "Client_Name" in one and "time" not in one and "timestamp" in one,
    "no Unix time": lambda one: "Client_Name" in one and "timestamp" not in one and "time" in one,
    "no time at all": lambda one: "Client_Name" in one and "timestamp" not in one and "time" not in one,
    "a register that is null": lambda one: any(key[0] in "dr" and value is None for key, value in one.items()),
    "a register that is a boolean": lambda one: any(value is True for value in one.values()),
    "a register in a string": lambda one: any(key[0] in "dr" and str(value) == value and value.isdecimal()
                                              for key, value in one.items()),
    "a sensor without time": lambda one: "ts" not in one.get("params", {"ts": 0}),
    "a sensor whose time is null": lambda one: one.get("params", {"ts": 0}).get("ts", 0) is None,
    "a component that disappeared": lambda one: None in one.get("params", {"ts": 0}).values(),
}  # fmt: skip


@pytest.mark.parametrize("oddity", ODDITIES)
def test_each_oddity_happens(hours: list[tuple[datetime, Message]], oddity: str) -> None:
    assert any(isinstance(message.payload, dict) and ODDITIES[oddity](message.payload) for _, message in hours)


def test_a_counter_comes_back_after_its_drop(hours: list[tuple[datetime, Message]]) -> None:
    counters = [
        message.payload["activeTotalConsumption"]["total"]
        for _, message in hours
        if isinstance(message.payload, dict) and "activeTotalConsumption" in message.payload
    ]
    drops = [place for place, counter in enumerate(counters) if counter == 0]
    assert drops
    assert all(counters[place - 1] > 20_000_000 < counters[place + 1] for place in drops)


def test_some_readings_are_late_and_out_of_order(hours: list[tuple[datetime, Message]]) -> None:
    times: dict[str, list[datetime]] = {}
    for now, message in hours:
        outcome = outcome_of(now, message)
        if message.kind is Kind.READING and isinstance(outcome, Reading):
            times.setdefault(outcome.device_id, []).append(outcome.ts)
    assert all(seen != sorted(seen) for device, seen in times.items() if not device.startswith("shelly"))

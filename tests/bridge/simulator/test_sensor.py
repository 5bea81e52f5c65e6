from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.simulator.noise import chance
from bridge.simulator.sensor import ROOMS, Room, RoomSensor

START = datetime(2026, 11, 1, tzinfo=UTC)
HALL, *_, BATHROOM = ROOMS


class Night:
    """A sensor that wakes each minute in a house at 21 degC."""

    def __init__(self, room: Room) -> None:
        self.now = START
        self.sensor = RoomSensor(chance(1, room.mac), room, START)

    def wake(self, minutes: int, *, indoor_c: float = 21.0, showering: bool = False) -> list[dict[str, Any]]:
        frames = []
        for _ in range(minutes):
            frames += self.sensor.wake(self.now, indoor_c=indoor_c, outdoor_vapour=5.0, showering=showering)
            self.now += timedelta(minutes=1)
        return frames


def methods(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["method"] for frame in frames if frame["method"] != "NotifyEvent"]


def test_the_first_frame_tells_everything() -> None:
    status, event = Night(HALL).wake(1)
    assert status["src"] == "shellyhtg3-e4b32322a0f4"
    assert status["dst"] == "shellyhtg3-e4b32322a0f4/events"
    assert status["method"] == "NotifyFullStatus"
    assert status["params"]["sys"]["mac"] == "E4B32322A0F4"
    assert 0 < START.timestamp() - status["params"]["ts"] < 1
    assert 18 < status["params"]["temperature:0"]["tC"] < 24
    assert 10 < status["params"]["humidity:0"]["rh"] < 90
    assert status["params"]["devicepower:0"]["battery"] == {"V": 6.1, "percent": 95}
    assert (event["method"], event["params"]["events"][0]["event"]) == ("NotifyEvent", "sleep")


def test_everything_is_told_again_every_two_hours() -> None:
    frames = Night(HALL).wake(6 * 60)
    full = [frame["params"]["ts"] for frame in frames if frame["method"] == "NotifyFullStatus"]
    assert [round((ts - full[0]) / 60) for ts in full] == [0, 120, 240]


def test_between_those_only_what_moved_is_told() -> None:
    frames = Night(BATHROOM).wake(24 * 60)
    told: dict[str, float] = {}
    changes = 0
    for frame in frames:
        if frame["method"] == "NotifyEvent":
            continue
        params = frame["params"]
        values = {key: part[name] for key, name in (("temperature:0", "tC"), ("humidity:0", "rh"))
                  if (part := params.get(key))}  # fmt: skip
        if frame["method"] == "NotifyStatus":
            changes += 1
            assert set(params) == {"ts", *values}
            steps = {"temperature:0": 0.5, "humidity:0": 5}
            assert all(abs(value - told[key]) >= steps[key] - 1e-9 for key, value in values.items())
        told |= values
    assert changes > 3


@pytest.mark.parametrize(("indoor_c", "expected"), [(21.0, []), (23.0, ["NotifyStatus"])])
def test_a_jump_in_temperature_is_told_within_a_minute(indoor_c: float, expected: list[str]) -> None:
    night = Night(HALL)
    night.wake(1)
    assert methods(night.wake(1, indoor_c=indoor_c)) == expected


def test_a_shower_makes_the_bathroom_damp() -> None:
    night = Night(BATHROOM)
    night.wake(1)
    humidity = [frame["params"].get("humidity:0", {}).get("rh", 0) for frame in night.wake(8, showering=True)]
    assert max(humidity) > 55

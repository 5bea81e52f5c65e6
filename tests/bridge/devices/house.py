"""The house of these tests, its moment in time, and what its devices send."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.devices import translate
from bridge.devices.device import House
from bridge.messages import Bad, Outcome, Reading, Skip

FIXTURES = Path(__file__).parent / "fixtures"

HOUSE = House(locations={"shellyhtg3-aabbccddeeff": "bedroom"})
TAKEN_AT = datetime(2026, 11, 24, 20, 15, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 11, 24, 20, 15, 2, 500_000, tzinfo=UTC)

METER = "saveeye/telemetry"
PUMP = "thermiq_heatpump/data"
SENSOR = "shellyhtg3-e4b32322a0f4/events/rpc"


def sent(name: str) -> dict[str, Any]:
    """What a device sent, by the name of its file."""
    message: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_bytes())
    return message


def outcome(topic: str, message: object, received_at: datetime = RECEIVED_AT) -> Outcome:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return translate(topic, payload, received_at, HOUSE)


def reading(topic: str, message: object, received_at: datetime = RECEIVED_AT) -> Reading:
    found = outcome(topic, message, received_at)
    assert isinstance(found, Reading), found
    return found


def bad(topic: str, message: object) -> Bad:
    found = outcome(topic, message)
    assert isinstance(found, Bad), found
    return found


def skip(topic: str, message: object) -> Skip:
    found = outcome(topic, message)
    assert isinstance(found, Skip), found
    return found

"""Letters as the sink records them, for the tests of what becomes of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from telemetry.deadletters.models import DeadLetter
from telemetry.deadletters.services import NewDeadLetter, Source, record

MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
METER_PAYLOAD = json.dumps({"saveeyeDeviceSerialNumber": "4711", "activeTotalConsumption": {"total": 1_000}}).encode()

FROM_KAFKA = NewDeadLetter(
    source=Source.KAFKA,
    origin="homelab-energy-realtime",
    partition=0,
    offset=7,
    key="4711",
    payload=b'{"ts": "yesterday"}',
    reason="invalid",
    detail="Invalid RFC3339 encoded datetime",
    failed_at=MOMENT,
)
FROM_MQTT = NewDeadLetter(
    source=Source.MQTT,
    origin="saveeye/telemetry",
    partition=None,
    offset=None,
    key="",
    payload=b"[not JSON",
    reason="not_json",
    detail="JSON is malformed",
    failed_at=MOMENT,
)


def kept(letter: NewDeadLetter, **changes: Any) -> DeadLetter:
    """Record a letter with some members changed, and return its row."""
    new = replace(letter, **changes)
    record([new])
    return DeadLetter.objects.get(fingerprint=new.fingerprint())

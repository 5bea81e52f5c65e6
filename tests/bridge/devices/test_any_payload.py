"""Whatever the bytes: a reading that can be handed on, a skip, or a dead letter."""

import json
from collections.abc import Iterator
from types import NoneType
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bridge.devices import translate
from bridge.devices.thermiq_registers import SETTINGS
from bridge.messages import Bad, Reading, Skip, Topic, decode_message, encode_reading
from telemetry.sink.tables import TABLES
from tests.bridge.devices.house import FIXTURES, HOUSE, METER, PUMP, RECEIVED_AT, SENSOR, sent

TOPICS = {"saveeye": METER, "thermiq": PUMP, "shelly": SENSOR}
TYPES: dict[str, type] = {
    "integer": int,
    "bigint": int,
    "double precision": float,
    "boolean": bool,
    "text[]": list,
}
FIXTURE_NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-40_000, 70_000),
    st.integers(1, 4_000).map(lambda digits: 10**digits),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
    st.integers(-40_000, 70_000).map(str),
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
)
ANYTHING = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=10), SCALARS, max_size=2))


def places(message: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every member at any depth, as the object it is in and its name."""
    for name, value in message.items():
        yield message, name
        if isinstance(value, dict):
            yield from places(value)


@st.composite
def altered(draw: st.DrawFn, fixture: str) -> bytes:
    """What a device sent, with some of its members holding anything."""
    message = sent(fixture)
    chosen = st.lists(st.sampled_from(list(places(message))), max_size=6)
    for parent, name in draw(chosen):
        parent[name] = draw(ANYTHING)
    return json.dumps(message).encode()


@st.composite
def mangled(draw: st.DrawFn, fixture: str) -> bytes:
    """What a device sent, with some bytes of it replaced, missing or added."""
    payload = (FIXTURES / f"{fixture}.json").read_bytes()
    start = draw(st.integers(0, len(payload)))
    return payload[:start] + draw(st.binary(max_size=3)) + payload[start + draw(st.integers(0, 3)) :]


def check(topic: str, payload: bytes) -> None:
    outcome = translate(topic, payload, RECEIVED_AT, HOUSE)
    event(type(outcome).__name__)
    assert isinstance(outcome, Reading | Skip | Bad)
    if isinstance(outcome, Reading):
        check_that_it_can_be_handed_on(outcome)
        check_that_it_fits_its_table(outcome)


def check_that_it_can_be_handed_on(reading: Reading) -> None:
    message = decode_message(encode_reading(reading))
    assert message.ts == reading.ts
    assert message.received_at == reading.received_at
    assert message.device_id == reading.device_id
    assert message.tags == reading.tags
    assert message.fields == reading.fields
    assert reading.device_id.encode()


def check_that_it_fits_its_table(reading: Reading) -> None:
    table = TABLES[reading.topic]
    types = {name: TYPES[kind] for name, kind in table.fields.items()}
    if reading.topic is Topic.HEATPUMP:
        types |= {setting.name: int for setting in SETTINGS}
    assert reading.fields.keys() == types.keys()
    for name, value in reading.fields.items():
        assert type(value) in (types[name], NoneType)
    assert reading.tags.keys() <= {table.device, *table.tags}
    for text in (reading.device_id, *reading.tags.values()):
        assert "\0" not in text


@settings(deadline=None)
@given(topic=st.sampled_from(sorted(TOPICS.values())) | st.text(), payload=st.binary())
def test_any_bytes_on_any_topic(topic: str, payload: bytes) -> None:
    check(topic, payload)


@settings(deadline=None)
@given(topic=st.sampled_from(sorted(TOPICS.values())), message=ANYTHING)
def test_any_json(topic: str, message: object) -> None:
    check(topic, json.dumps(message).encode())


@pytest.mark.parametrize("fixture", FIXTURE_NAMES)
@settings(deadline=None)
@given(data=st.data())
def test_what_a_device_sent_with_members_that_hold_anything(fixture: str, data: st.DataObject) -> None:
    check(TOPICS[fixture.partition("_")[0]], data.draw(altered(fixture)))


@pytest.mark.parametrize("fixture", FIXTURE_NAMES)
@settings(deadline=None)
@given(data=st.data())
def test_what_a_device_sent_with_bytes_mangled(fixture: str, data: st.DataObject) -> None:
    check(TOPICS[fixture.partition("_")[0]], data.draw(mangled(fixture)))

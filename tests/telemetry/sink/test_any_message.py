"""Whatever a message holds, it is a row with the same values or a dead letter, and the others are not touched."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.messages import Topic
from telemetry.schema.runner import Connection
from telemetry.sink.store import Store
from telemetry.sink.tables import TABLES, Table
from tests.telemetry.sink.conftest import Rows
from tests.telemetry.sink.records import START, TakenRecord, value

against_the_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

text = st.text(st.characters(codec="utf-8"), max_size=20)
storable_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
number = st.integers() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.none() | st.booleans() | number | text | st.lists(text, max_size=3)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1) | st.integers(-(2**31), 2**31 - 1).map(float),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "double precision": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300),
    "boolean": st.booleans(),
    "text": storable_text,
    "text[]": st.lists(storable_text, max_size=5),
}

Content = tuple[str, str, dict[str, Any], dict[str, Any]]
"""Topic, device, tags and fields."""


@st.composite
def any_content(draw: st.DrawFn) -> Content:
    topic = draw(st.sampled_from(list(TABLES)))
    table = TABLES[topic]
    names = st.sampled_from([*table.tags, *table.fields]) | text
    return (
        topic,
        draw(text),
        draw(st.dictionaries(names, text, max_size=3)),
        draw(st.dictionaries(names, anything, max_size=4)),
    )


@st.composite
def fitting_content(draw: st.DrawFn) -> Content:
    topic = draw(st.sampled_from(list(TABLES)))
    table = TABLES[topic]
    tags = {name: draw(storable_text) for name in table.tags if draw(st.booleans())}
    chosen = draw(st.sets(st.sampled_from(list(table.fields)), min_size=1, max_size=5))
    return topic, draw(storable_text), tags, {name: draw(FITTING[table.fields[name]]) for name in chosen}


def records(contents: Sequence[Content]) -> list[TakenRecord]:
    """Return a record for each content; its offset and its second tell which it is."""
    return [
        TakenRecord(topic, number, value(START + timedelta(seconds=number), device, tags, fields))
        for number, (topic, device, tags, fields) in enumerate(contents)
    ]


def empty(telemetry: Connection) -> None:
    with telemetry.cursor() as cursor:
        for table in {table.name for table in TABLES.values()}:
            cursor.execute(f"DELETE FROM {table}")


def stored_contents(rows: Rows) -> dict[int, dict[str, Any]]:
    return {
        (row["time"] - START).seconds: row for table in {table.name for table in TABLES.values()} for row in rows(table)
    }


def expected(table: Table, content: Content) -> dict[str, Any]:
    _, device, tags, fields = content
    read: dict[str, Any] = {name: tags.get(name) for name in table.tags} | {
        name: fields.get(name) for name in table.fields
    }
    doubles = [name for name, kind in table.fields.items() if kind == "double precision" and read[name] is not None]
    return {**read, **{name: float(read[name]) for name in doubles}, table.device: device}


def same(row: dict[str, Any], content: Content) -> bool:
    """Tell whether a row holds what the message does; True and 1 are equal in Python, and are not the same here."""
    wanted = expected(TABLES[content[0]], content)
    return all(
        row[name] == held and isinstance(row[name], bool) == isinstance(held, bool) for name, held in wanted.items()
    )


@against_the_database
@given(st.lists(any_content(), max_size=8))
@example([(Topic.ENERGY, "a", {}, {"wifi_rssi": 1e300}), (Topic.ENERGY, "b", {}, {"wifi_rssi": 7.0})])
@example([(Topic.HEATPUMP, "NULL", {}, {"alarms": ["NULL", "", '"', "\\", "{,}", " ", "\n"]})])
@example([(Topic.HEATPUMP, '{"', {"x": "\0"}, {"alarms": []})])
@example([(Topic.TEMPERATURE_INDOOR, "", {"location": "NULL"}, {"temperature_c": "NaN", "external_power": 1})])
def test_a_message_is_a_row_with_the_same_values_or_a_dead_letter(
    telemetry: Connection, store: Store, rows: Rows, contents: list[Content]
) -> None:
    empty(telemetry)
    dead = {letter.offset for letter in store.write(records(contents)).dead}
    stored = stored_contents(rows)
    assert stored.keys() | dead == set(range(len(contents)))
    assert not stored.keys() & dead
    for number, row in stored.items():
        assert same(row, contents[number])


@against_the_database
@given(st.lists(fitting_content(), max_size=8))
def test_a_message_whose_values_fit_is_stored(
    telemetry: Connection, store: Store, rows: Rows, contents: list[Content]
) -> None:
    empty(telemetry)
    assert store.write(records(contents)).dead == []
    stored = stored_contents(rows)
    assert sorted(stored) == list(range(len(contents)))
    assert all(same(row, contents[number]) for number, row in stored.items())


@against_the_database
@given(st.lists(st.binary(max_size=40), max_size=5), st.sampled_from(list(Topic)))
def test_any_bytes_are_a_dead_letter_or_a_row(
    telemetry: Connection, store: Store, rows: Rows, contents: list[bytes], topic: Topic
) -> None:
    empty(telemetry)
    stored = store.write([TakenRecord(topic, number, content) for number, content in enumerate(contents)])
    assert len(stored.dead) + sum(stored.rows.values()) == len(contents)

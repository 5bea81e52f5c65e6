"""From a message's value to a row, and from rows to PostgreSQL array literals."""

import json
from collections.abc import Mapping
from datetime import UTC
from functools import lru_cache
from types import NoneType

from bridge.messages import Message, Value
from telemetry.sink.tables import Table

Row = tuple[Value, ...]
"""The values of a row; text and lists as they stand inside an array literal."""

_NUMBER: frozenset[type] = frozenset({int, float, NoneType})
_TYPES: Mapping[str, frozenset[type]] = {
    "integer": _NUMBER,
    "bigint": _NUMBER,
    "double precision": _NUMBER,
    "boolean": frozenset({bool, NoneType}),
    "text": frozenset({str, NoneType}),
    "text[]": frozenset({list, NoneType}),
}
"""The types of a decoded JSON value that a column of a PostgreSQL type takes."""
_IN_JSON = {int: "a number", float: "a number", bool: "true or false", str: "text", list: "a list"}
_KNOWN_SHAPES = 1_024


def row_of(message: Message, table: Table) -> Row:
    """Return the row of a message. Members that the table has no column for are left out.

    Raises ValueError for text that PostgreSQL cannot hold, for a value of another kind than its column's (PostgreSQL
    would take the text "NaN" for a number, and 1 for true), and where no field is left: such a row would keep the
    device's reading of the same time out.
    """
    fields = [*map(message.fields.get, table.fields)]
    if fields.count(None) == len(fields):
        raise ValueError(f"none of the values of {table.name} is in the message")
    types = tuple(map(type, fields))
    _check(table, types)
    if str in types or list in types:
        fields = [_element(value) if isinstance(value, (str, list)) else value for value in fields]
    return (
        message.ts.astimezone(UTC).isoformat(),  # PostgreSQL knows no offset of 16 hours or more
        _quoted(message.device_id),
        *[_element(message.tags.get(name)) for name in table.tags],
        *fields,
    )


@lru_cache(_KNOWN_SHAPES)
def _check(table: Table, types: tuple[type, ...]) -> None:
    """Raise ValueError for values that their columns do not take; most messages are of types seen before."""
    for (name, kind), found in zip(table.fields.items(), types, strict=True):
        if found not in _TYPES[kind]:
            raise ValueError(f"{name} is {_IN_JSON[found]}, and its column is {kind}")


def array_literals(rows: list[Row], table: Table) -> list[str]:
    """Turn rows into one array literal for each column, such as `{1,2,null}`."""
    kinds = ("timestamptz", "text", *table.tags.values(), *table.fields.values())
    return [_array_literal(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]


def _array_literal(column: tuple[Value, ...], kind: str) -> str:
    if kind in {"timestamptz", "text", "text[]"}:
        return "{" + ",".join(["null" if value is None else str(value) for value in column]) + "}"
    if kind in {"integer", "bigint"}:
        # A whole number may come as a decimal, and an integer column takes no `21.0`.
        column = tuple([int(value) if type(value) is float and value.is_integer() else value for value in column])
    # JSON's numbers, true, false and null are elements of an array literal as they are.
    return "{" + json.dumps(column)[1:-1] + "}"


def _element(value: Value) -> str | None:
    if isinstance(value, list):
        return _quoted("{" + ",".join(map(_quoted, value)) + "}")
    return _quoted(value) if isinstance(value, str) else None


def _quoted(text: str) -> str:
    if "\0" in text:
        raise ValueError("text with a NUL character")
    if not text.isascii():
        text.encode()  # a lone surrogate is a ValueError here, and would be one in the driver for the whole batch
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

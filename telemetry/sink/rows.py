"""From a message's value to the text of a row, and from rows to PostgreSQL array literals."""

from collections.abc import Mapping
from datetime import UTC

from bridge.messages import Message, Value
from telemetry.sink.tables import Table

Row = tuple[str, ...]
"""The elements of a row, each as it stands inside an array literal."""

_NUMBER = frozenset({int, float})
_TYPES: Mapping[str, frozenset[type]] = {
    "integer": _NUMBER,
    "bigint": _NUMBER,
    "double precision": _NUMBER,
    "boolean": frozenset({bool}),
    "text": frozenset({str}),
    "text[]": frozenset({list}),
}
"""The types of a decoded JSON value that a column of a PostgreSQL type takes."""
_IN_JSON = {int: "a number", float: "a number", bool: "true or false", str: "text", list: "a list"}


def row_of(message: Message, table: Table) -> Row:
    """Return the row of a message. Members that the table has no column for are left out.

    Raises ValueError for text that PostgreSQL cannot hold, for a value of another kind than its column's (PostgreSQL
    would take the text "NaN" for a number, and 1 for true), and where no field is left: such a row would keep the
    device's reading of the same time out.
    """
    if all(message.fields.get(name) is None for name in table.fields):
        raise ValueError(f"none of the values of {table.name} is in the message")
    return (
        _quoted(message.ts.astimezone(UTC).isoformat()),  # PostgreSQL knows no offset of 16 hours or more
        _quoted(message.device_id),
        *[_element(name, message.tags.get(name), kind) for name, kind in table.tags.items()],
        *[_element(name, message.fields.get(name), kind) for name, kind in table.fields.items()],
    )


def array_literals(rows: list[Row]) -> list[str]:
    """Turn rows into one array literal for each column, such as `{1,2,NULL}`."""
    return ["{" + ",".join(column) + "}" for column in zip(*rows, strict=True)]


def _element(name: str, value: Value, kind: str) -> str:
    if value is None:
        return "NULL"
    if type(value) not in _TYPES[kind]:
        raise ValueError(f"{name} is {_IN_JSON[type(value)]}, and its column is {kind}")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # A whole number may come as a decimal, and an integer column takes no `21.0`.
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return _quoted("{" + ",".join(_quoted(item) for item in value) + "}")
    return _quoted(value)


def _quoted(text: str) -> str:
    if "\0" in text:
        raise ValueError("text with a NUL character")
    text.encode()  # a lone surrogate is a ValueError here, and would be one in the driver for the whole batch
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""From a message's value to the text of a row, and from rows to PostgreSQL array literals."""

from bridge.messages import Message, Value
from telemetry.sink.tables import Table

Row = tuple[str, ...]
"""The elements of a row, each as it stands inside an array literal."""


def row_of(message: Message, table: Table) -> Row:
    """Return the row of a message. Members that the table has no column for are left out.

    Raises ValueError for text that PostgreSQL cannot hold.
    """
    return (
        _element(message.ts.isoformat()),
        _element(message.device_id),
        *(_element(message.tags.get(name)) for name in table.tags),
        *(_element(message.fields.get(name)) for name in table.fields),
    )


def array_literals(rows: list[Row]) -> list[str]:
    """Turn rows into one array literal for each column, such as `{1,2,NULL}`."""
    return ["{" + ",".join(column) + "}" for column in zip(*rows, strict=True)]


def _element(value: Value) -> str:
    if value is None:
        return "NULL"
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

"""What a member of a device's JSON object is worth as a column's value: the value, or None if it is none.

One unusable member never costs the others. Numbers are not judged here, they only have to be finite: whether one
fits its column is the database's to say.
"""

import sys
from collections.abc import Callable, Mapping

from bridge.messages import Value

LARGEST = sys.float_info.max

Columns = Mapping[str, tuple[tuple[str, ...], Callable[[object], Value]]]
"""Column name to the path of its member in the object, and how that member is read."""


def read_columns(message: object, columns: Columns) -> dict[str, Value]:
    """Read every column; one whose member is missing or unusable is None."""
    return {column: convert(member(message, path)) for column, (path, convert) in columns.items()}


def member(message: object, path: tuple[str, ...]) -> object:
    """Follow a path of names through nested objects; None where it leads nowhere."""
    for name in path:
        if type(message) is not dict:
            return None
        message = message.get(name)
    return message


def number(value: object) -> int | float | None:
    """Take a JSON number that a double can hold; a boolean or a string is no number."""
    if type(value) is int or type(value) is float:
        return value if -LARGEST <= value <= LARGEST else None
    return None


def whole(value: object) -> int | None:
    """Take a number, rounded to the nearest integer."""
    found = number(value)
    return found if found is None or type(found) is int else round(found)


def decimal(value: object) -> float | None:
    """Take a number as a float."""
    found = number(value)
    return None if found is None else float(found)


def flag(value: object) -> bool | None:
    """Take a JSON boolean; 0 and 1 are none."""
    return value if isinstance(value, bool) else None


def text(value: object) -> str | None:
    """Take a string that is more than white space, without the white space around it."""
    return value.strip() or None if isinstance(value, str) else None

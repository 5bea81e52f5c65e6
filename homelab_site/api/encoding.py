"""Rows as JSON and as CSV, the same for an answer of the API and for an export.

A row is a dataclass. Times end in `Z`, numbers are exact, and what is unknown is null in JSON and empty in CSV.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from homelab_site.moments import moment_text


def json_text(value: object) -> bytes:
    return msgspec.json.encode(value)


def json_lines(rows: Iterable[object]) -> Iterator[str]:
    """Yield a JSON array with a line for each row."""
    separator = "[\n"
    for row in rows:
        yield f"{separator}{json_text(row).decode()}"
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def csv_lines(row: type[Any], rows: Iterable[object]) -> Iterator[str]:
    """Yield a header of the names of the row's fields, then a line for each row."""
    names = [field.name for field in fields(row)]
    values = attrgetter(*names)
    write = csv.writer(_Echo()).writerow
    yield write(names)
    for one in rows:
        yield write([csv_value(value) for value in values(one)])


def csv_value(value: object) -> object:
    return moment_text(value) if isinstance(value, datetime) else value


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line

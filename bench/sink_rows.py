"""Two bare ways into the table of the meter's readings. Neither refuses anything, or survives what cannot be read."""

import io
from collections.abc import Iterable

import msgspec
import psycopg2

from bridge.messages import Message
from telemetry.sink.tables import ENERGY

COLUMNS = ("time", ENERGY.device, *ENERGY.tags, *ENERGY.fields)
NAMES = ", ".join(COLUMNS)
PLACES = ", ".join(["%s"] * len(COLUMNS))
COPY = f"COPY fresh ({NAMES}) FROM STDIN"
MERGE = f"INSERT INTO {ENERGY.name} SELECT * FROM fresh ON CONFLICT DO NOTHING; TRUNCATE fresh; COMMIT"  # noqa: S608
INSERT = f"INSERT INTO {ENERGY.name} ({NAMES}) VALUES ({PLACES}) ON CONFLICT DO NOTHING"  # noqa: S608

_decode = msgspec.json.Decoder(Message).decode


def connect(url: str) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE fresh (LIKE {ENERGY.name})")
    return connection


def merge(connection: psycopg2.extensions.connection, values: Iterable[bytes]) -> None:
    """COPY into a temporary table, and insert from there: the fastest way that a repetition leaves as it is."""
    text = io.StringIO("".join(map(_line, values)))
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.copy_expert(COPY, text)
        cursor.execute(MERGE)


def insert(connection: psycopg2.extensions.connection, values: Iterable[bytes]) -> None:
    """Insert a row for each message, each a transaction of its own."""
    with connection.cursor() as cursor:
        for value in values:
            cursor.execute(INSERT, _row(value))


def _row(value: bytes) -> tuple[object, ...]:
    message = _decode(value)
    fields = map(message.fields.get, ENERGY.fields)
    return (message.ts, message.device_id, *map(message.tags.get, ENERGY.tags), *fields)


def _line(value: bytes) -> str:
    return "\t".join(["\\N" if one is None else str(one) for one in _row(value)]) + "\n"

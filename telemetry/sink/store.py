"""Writes a batch to the telemetry database: one round trip, and a bad row never takes the others with it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import psycopg2
import psycopg2.errors

from bridge.messages import Reason, Topic, decode_dead_letter, decode_message, is_sane
from homelab_site.workers.batch import Record
from telemetry.deadletters.services import LATEST, NewDeadLetter, Source
from telemetry.sink.rows import Row, array_literals, row_of
from telemetry.sink.tables import TABLES, Table

CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 60_000
REFUSALS = (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.errors.ProgramLimitExceeded)
"""The errors that are about the rows themselves; the last is a text that is too long for an index."""


class _Decoded(NamedTuple):
    record: Record
    table: Table
    row: Row
    time: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: rows by topic, the newest time by topic, and what is for the dead letters."""

    rows: dict[str, int]
    newest: dict[str, datetime]
    dead: list[NewDeadLetter]


class Store:
    """A connection to the telemetry database that is made when needed and dropped on trouble."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None

    def write(self, records: Sequence[Record]) -> Stored:
        """Store what can be read of the records.

        Writing the same records again changes nothing. Raises `psycopg2.Error` where the database is away.
        """
        decoded: list[_Decoded] = []
        dead: list[NewDeadLetter] = []
        now = datetime.now(UTC)
        for record in records:
            result = _decode(record, now)
            if isinstance(result, _Decoded):
                decoded.append(result)
            else:
                dead.append(result)
        refused = list(self._insert(decoded))
        dead.extend(_dead_letter(item.record, Reason.REFUSED, why) for item, why in refused)
        return _account(decoded, [item for item, _ in refused], dead)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insert(self, items: Sequence[_Decoded]) -> Iterator[tuple[_Decoded, str]]:
        """Insert the items; yield those that the database refuses as values, found by halving."""
        if not items:
            return
        try:
            self._execute(items)
        except REFUSALS as error:
            if len(items) == 1:
                yield items[0], error.diag.message_primary or str(error)
                return
            middle = len(items) // 2
            yield from self._insert(items[:middle])
            yield from self._insert(items[middle:])

    def _execute(self, items: Sequence[_Decoded]) -> None:
        """Send all tables' inserts as one statement, which the server runs as one transaction."""
        rows: dict[str, list[Row]] = defaultdict(list)
        tables = {item.table.name: item.table for item in items}
        for item in items:
            rows[item.table.name].append(item.row)
        statement = "".join(tables[name].insert() for name in rows)
        arrays = [literal for name in rows for literal in array_literals(rows[name], tables[name])]
        try:
            with self._connected().cursor() as cursor:
                cursor.execute(statement, arrays)
        except REFUSALS:
            raise
        except psycopg2.Error:
            self.close()
            raise

    def _connected(self) -> psycopg2.extensions.connection:
        if self._connection is None:
            self._connection = psycopg2.connect(
                self._url,
                application_name="homelab-sink",
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=STATEMENT_MILLISECONDS,
                keepalives_idle=30,
            )
            self._connection.autocommit = True
        return self._connection


def _decode(record: Record, now: datetime) -> _Decoded | NewDeadLetter:
    value = record.value or b""
    try:
        if record.topic == Topic.DEAD_LETTER:
            letter = decode_dead_letter(value)
            return NewDeadLetter(
                source=Source.MQTT,
                origin=letter.origin,
                partition=None,
                offset=None,
                key="",
                payload=letter.payload,
                reason=letter.reason,
                detail=letter.detail,
                failed_at=letter.failed_at,
            )
        message = decode_message(value)
        # The bridge would have put the time of receipt; a row in another age would stretch the rollups over it. A sink
        # whose own clock is unset must not judge by it alone.
        if not is_sane(message.ts, max(message.received_at, now)):
            return _dead_letter(record, Reason.INVALID, f"{message.ts.isoformat()} is not a time of this house")
        table = TABLES[record.topic]
        return _Decoded(record, table, row_of(message, table), message.ts)
    except msgspec.ValidationError as error:
        return _dead_letter(record, Reason.INVALID, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _dead_letter(record, Reason.NOT_JSON, str(error))
    except ValueError as error:
        return _dead_letter(record, Reason.INVALID, str(error))


def _dead_letter(record: Record, reason: Reason, detail: str) -> NewDeadLetter:
    return NewDeadLetter(
        source=Source.KAFKA,
        origin=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode(errors="replace"),
        payload=record.value or b"",
        reason=reason,
        detail=detail,
        failed_at=_moment(record.timestamp),
    )


def _moment(milliseconds: int) -> datetime:
    """Return a record's time; a producer can claim one that no calendar has, which counts as the nearest."""
    return datetime.fromtimestamp(min(max(milliseconds / 1000, 0), LATEST.timestamp()), UTC)


def _account(decoded: Sequence[_Decoded], refused: Sequence[_Decoded], dead: list[NewDeadLetter]) -> Stored:
    rows: dict[str, int] = defaultdict(int)
    newest: dict[str, datetime] = {}
    left_out = {id(item) for item in refused}
    for item in decoded:
        if id(item) not in left_out:
            topic = item.record.topic
            rows[topic] += 1
            newest[topic] = max(newest.get(topic, item.time), item.time)
    return Stored(rows, newest, dead)

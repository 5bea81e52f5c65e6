"""The account of readings: each that the broker acknowledged is one row or one dead letter, and nothing else is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from typing import NamedTuple

import psycopg2

from bridge.simulator.message import Kind
from telemetry.deadletters.models import DeadLetter
from tests.whole.chaos.account import Account
from tests.whole.chaos.books import Books, Entry, Key
from tests.whole.chaos.devices import WORD
from tests.whole.house_of_kills import NODES

QUERIES = {
    "energy_consumption": "SELECT device_serial, time, wifi_rssi FROM energy_consumption",
    "heatpump_status": f"SELECT device_id, time, runtime_compressor * {WORD} + runtime_3kw FROM heatpump_status",
    "temperature_sensors": "SELECT device_id, time, ram_free FROM temperature_sensors",
}
Letter = tuple[str, bytes]


class Row(NamedTuple):
    """A row's key, and the number of the message that it was made from; a reading of a pump has none."""

    key: Key
    number: int | None


def stored_rows(url: str) -> list[Row]:
    """Read all rows; raises psycopg2.Error where the database is away."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        return [row for table, query in QUERIES.items() for row in _rows(cursor, table, query)]


def _rows(cursor: psycopg2.extensions.cursor, table: str, query: str) -> Iterable[Row]:
    cursor.execute(query)
    for device, moment, number in cursor.fetchall():
        yield Row(Key(table, device, moment), None if device in NODES else number)


def stored_letters() -> Counter[Letter]:
    return Counter((origin, bytes(payload)) for origin, payload in DeadLetter.objects.values_list("origin", "payload"))


def of_readings(books: Books, rows: Collection[Row], letters: Mapping[Letter, int]) -> Account:
    """Compare the books with what is stored, both ways."""
    entries = dict(books.entries)
    account = Account("readings")
    _compare_keys(account, entries.values(), rows)
    _compare_numbers(account, entries.values(), rows)
    _compare_letters(account, entries, letters)
    acknowledged = sum(entry.acknowledged for entry in entries.values())
    again = sum(entry.sent for entry in entries.values()) - acknowledged
    account.facts = [
        f"{acknowledged} acknowledged, {again} sent again without an acknowledgement",
        f"{len(rows)} rows",
        f"{sum(letters.values())} dead letters",
    ]
    return account


def _compare_keys(account: Account, entries: Iterable[Entry], rows: Iterable[Row]) -> None:
    """Hold readings with a time of their own against the keys that are stored."""
    by_key: dict[Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.key:
            by_key[entry.key].append(entry)
    stored = {row.key for row in rows}
    due = {key for key, group in by_key.items() if any(entry.acknowledged for entry in group)}
    account.differ("acknowledged readings have no row", sorted(due - stored))
    pumps = {row.key for row in rows if row.number is None}
    account.differ("rows of pumps were not published", sorted(pumps - by_key.keys()))


def _compare_numbers(account: Account, entries: Iterable[Entry], rows: Iterable[Row]) -> None:
    """Hold each row against the message whose number it has, and count the rows of those without a time."""
    by_number = {entry.number: entry for entry in entries if entry.number}
    counted = Counter(row.number for row in rows)
    numbered = [(row, by_number.get(row.number)) for row in rows if row.number is not None]
    account.differ(
        "rows were not published as readings",
        (row for row, entry in numbered if entry is None or entry.kind in (Kind.BAD, Kind.EVENT)),
    )
    account.differ(
        "rows have another key than their message",
        ((row, entry) for row, entry in numbered if entry and entry.key not in (None, row.key)),
    )
    account.differ(
        "readings without a time have too few or too many rows",
        (
            (entry, counted[entry.number])
            for entry in by_number.values()
            if entry.kind is Kind.CLOCKLESS and not entry.acknowledged <= counted[entry.number] <= entry.sent
        ),
    )


def _compare_letters(account: Account, entries: Mapping[Letter, Entry], letters: Mapping[Letter, int]) -> None:
    bad = {letter: entry for letter, entry in entries.items() if entry.kind is Kind.BAD}
    account.differ("dead letters of good messages", letters.keys() - bad.keys())
    wrong = [
        (letter, letters.get(letter, 0), entry)
        for letter, entry in bad.items()
        if not entry.acknowledged <= letters.get(letter, 0) <= entry.sent
    ]
    account.differ("bad messages have too few or too many dead letters", wrong)

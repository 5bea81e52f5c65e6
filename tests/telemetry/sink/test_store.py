import random
from typing import Any

import psycopg2
import pytest

from bridge.messages import DeadLetterMessage, Reason, Topic, encode_dead_letter
from telemetry.deadletters.services import Source
from telemetry.schema.runner import Connection
from telemetry.sink.store import Store, Stored
from tests.telemetry.sink.conftest import Rows
from tests.telemetry.sink.records import START, TakenRecord, reading, record, value

TOO_LARGE = 2**31


def dead_offsets(stored: Stored) -> set[int | None]:
    return {letter.offset for letter in stored.dead}


def test_a_batch_of_all_topics_goes_into_their_tables(store: Store, rows: Rows) -> None:
    stored = store.write([reading(n, topic=topic) for n, topic in enumerate(set(Topic) - {Topic.DEAD_LETTER})])
    assert stored.dead == []
    assert stored.rows == dict.fromkeys(set(Topic) - {Topic.DEAD_LETTER}, 1)
    assert [len(rows(table)) for table in ("energy_consumption", "heatpump_status", "temperature_sensors")] == [1, 1, 2]


def test_the_newest_time_is_told_for_each_topic(store: Store) -> None:
    stored = store.write([reading(5), reading(9), reading(7), reading(2, topic=Topic.HEATPUMP)])
    assert {topic: (time - START).seconds for topic, time in stored.newest.items()} == {
        Topic.ENERGY: 9, Topic.HEATPUMP: 2,
    }  # fmt: skip


def test_an_empty_batch_asks_nothing_of_the_database() -> None:
    assert Store("postgresql://nobody@not-there.invalid/none").write([]) == Stored({}, {}, [])


def test_a_batch_that_is_written_again_changes_nothing(store: Store, rows: Rows) -> None:
    batch = [reading(n, power=n) for n in range(10)]
    store.write(batch)
    before = rows("energy_consumption")
    stored = store.write([*batch, reading(3, power=99), reading(10)])
    assert stored.dead == []
    assert rows("energy_consumption")[:10] == before
    assert len(rows("energy_consumption")) == 11


def test_the_first_of_two_readings_of_one_moment_counts(store: Store, rows: Rows) -> None:
    store.write([reading(0, power=1), reading(0, power=2)])
    assert [row["active_power_total"] for row in rows("energy_consumption")] == [1]


@pytest.mark.parametrize("bad", [{0}, {63}, {0, 1, 31, 32, 63}, set(range(64)), set(range(0, 64, 2))])
def test_refused_rows_are_found_wherever_they_are(store: Store, rows: Rows, bad: set[int]) -> None:
    stored = store.write([reading(n, power=TOO_LARGE if n in bad else n) for n in range(64)])
    assert dead_offsets(stored) == bad
    assert [row["active_power_total"] for row in rows("energy_consumption")] == sorted(set(range(64)) - bad)
    assert {(letter.reason, letter.detail) for letter in stored.dead} == {
        (Reason.REFUSED, 'value "2147483648" is out of range for type integer')
    }
    assert sum(stored.rows.values()) == 64 - len(bad)


def test_a_refused_row_of_one_table_takes_none_of_another_with_it(store: Store, rows: Rows) -> None:
    stored = store.write(
        [reading(0, topic=Topic.HEATPUMP), reading(1, power=TOO_LARGE), reading(2, topic=Topic.TEMPERATURE_INDOOR)]
    )
    assert dead_offsets(stored) == {1}
    assert len(rows("heatpump_status")) == len(rows("temperature_sensors")) == 1
    assert stored.newest.keys() == {Topic.HEATPUMP, Topic.TEMPERATURE_INDOOR}


def test_one_refused_row_costs_two_round_trips_for_each_halving(telemetry: Connection, settings: Any) -> None:
    class CountingStore(Store):
        round_trips = 0

        def _connected(self) -> Connection:
            self.round_trips += 1
            return super()._connected()

    store = CountingStore(settings.TELEMETRY_SINK_URL)
    store.write([reading(n, power=TOO_LARGE if n == 700 else 1) for n in range(1024)])
    store.close()
    assert store.round_trips == 1 + 2 * 10


def test_a_text_that_is_too_long_for_an_index_is_refused(store: Store, rows: Rows) -> None:
    """PostgreSQL reports it as an operational error, and nothing outside is away."""
    long = random.Random(1).randbytes(10_000).hex()
    stored = store.write(
        [
            reading(0, topic=Topic.TEMPERATURE_INDOOR),
            record(value(device=long, fields={"active_power_total": 1}), offset=1),
            record(
                value(device="room", tags={"location": long}, fields={"temperature_c": 1}),
                topic=Topic.TEMPERATURE_INDOOR,
                offset=2,
            ),
        ]
    )
    assert dead_offsets(stored) == {1, 2}
    assert "index row" in stored.dead[0].detail
    assert len(rows("temperature_sensors")) == 1


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (None, Reason.NOT_JSON, "truncated"),
        (b"", Reason.NOT_JSON, "truncated"),
        (b"{", Reason.NOT_JSON, "truncated"),
        (b"\xff\xfe", Reason.NOT_JSON, "malformed"),
        (b'"\xed\xa0\x80"', Reason.INVALID, "Expected `object`"),
        (value().replace(b"meter", b"\xed\xa0\x80"), Reason.NOT_JSON, "utf-8"),
        (value().replace(b"meter", rb"\ud800"), Reason.NOT_JSON, "surrogate"),
        (b'{"a":' + b"[" * 100_000, Reason.NOT_JSON, "recursion"),
        (b"[]", Reason.INVALID, "Expected `object`, got `array`"),
        (b"{}", Reason.INVALID, "missing required field `ts`"),
        (b'"homelab"', Reason.INVALID, "Expected `object`, got `str`"),
        (value(device=None), Reason.INVALID, "$.device_id"),
        (value(device="a\0b", fields={"wifi_rssi": 1}), Reason.INVALID, "NUL"),
        (value(tags={"meter_type": "\0"}, fields={"wifi_rssi": 1}), Reason.INVALID, "NUL"),
        (value(tags={"meter_type": 1}), Reason.INVALID, "$.tags"),
        (value(fields={"wifi_rssi": {}}), Reason.INVALID, "$.fields"),
        (value(fields={"wifi_rssi": [1]}), Reason.INVALID, "$.fields"),
        (value(fields={"alarms": ["a"]}), Reason.INVALID, "none of the values of energy_consumption"),
        (value(fields={"wifi_rssi": "1"}), Reason.INVALID, "wifi_rssi is text"),
        (value(fields={"wifi_rssi": 1.5}), Reason.REFUSED, "invalid input syntax for type integer"),
        (value(fields={"wifi_rssi": 1e300}), Reason.REFUSED, "out of range for type integer"),
        (value(fields={"active_energy_total": 2**63}), Reason.REFUSED, "out of range for type bigint"),
        (value(fields={"active_energy_total": -(2**63) - 1}), Reason.REFUSED, "out of range for type bigint"),
        (value(fields={"voltage_l1": 10**400}), Reason.REFUSED, "out of range for type double precision"),
        (value(fields={"voltage_l1": 1}).replace(b": 1}", b": 1e999}"), Reason.INVALID, "$.fields"),
        (value(fields={"voltage_l1": 1}).replace(b": 1}", b": " + b"9" * 5000 + b"}"), Reason.INVALID, "$.fields"),
        (value(fields={"voltage_l1": 1}).replace(b": 1}", b": NaN}"), Reason.NOT_JSON, "malformed"),
    ],
)
def test_what_cannot_be_stored_is_a_dead_letter_with_its_reason_and_the_rest_is_stored(
    store: Store, rows: Rows, content: bytes | None, reason: Reason, detail: str
) -> None:
    stored = store.write([reading(1), record(content, offset=2), reading(3)])
    (letter,) = stored.dead
    assert (letter.offset, letter.reason, letter.payload) == (2, reason, content or b"")
    assert detail in letter.detail
    assert len(rows("energy_consumption")) == 2


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2026-01-01T00:00:00", "time zone"),
        ("2026-01-01", "RFC3339"),
        ("2026-02-30T00:00:00Z", "RFC3339"),
        ("0000-01-01T00:00:00Z", "RFC3339"),
        ("0001-01-01T00:00:00Z", "time before 2020"),
        ("0001-01-01T00:00:00+23:59", "time before 2020"),
        ("1970-01-01T00:00:12Z", "time before 2020"),
        ("2020-01-01T00:00:00+00:01", "time before 2020"),
        ("9000-01-01T00:00:00Z", "after 8999"),
        ("9999-12-31T23:59:59.999999-23:59", "after 8999"),
        ("9999-12-31T23:59:59.999999999Z", "RFC3339"),
    ],
)
def test_a_time_that_cannot_be_is_a_dead_letter(store: Store, rows: Rows, at: str, why: str) -> None:
    stored = store.write([record(value(at, fields={"wifi_rssi": 1})), reading(1)])
    (letter,) = stored.dead
    assert letter.reason == Reason.INVALID
    assert why in letter.detail
    assert len(rows("energy_consumption")) == 1


@pytest.mark.parametrize(
    ("at", "read"),
    [
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00+00:00"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00+00:00"),
        ("2025-12-31T00:01:00-23:59", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01t00:00:00.1234564z", "2026-01-01T00:00:00.123456+00:00"),
        ("2025-12-31T23:59:59.999999999Z", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_is_stored_as_its_moment(store: Store, telemetry: Connection, at: str, read: str) -> None:
    assert store.write([record(value(at, fields={"wifi_rssi": 1}))]).dead == []
    with telemetry.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'; SELECT time FROM energy_consumption")
        ((time,),) = cursor.fetchall()
    assert time.isoformat() == read


@pytest.mark.parametrize(
    ("timestamp", "year"), [(-1, 1970), (-(2**62), 1970), (0, 1970), (1_767_225_600_000, 2026), (2**62, 9000)]
)
def test_a_dead_letter_has_the_record_s_time_or_the_nearest_that_there_is(timestamp: int, year: int) -> None:
    (letter,) = Store("").write([TakenRecord(Topic.ENERGY, 4, b"x", partition=3, timestamp=timestamp)]).dead
    assert letter.failed_at.year == year
    assert (letter.source, letter.origin, letter.partition, letter.offset) == (Source.KAFKA, Topic.ENERGY, 3, 4)


@pytest.mark.parametrize(("key", "text"), [(None, ""), (b"meter", "meter"), (b"\xff\0", "\N{REPLACEMENT CHARACTER}\0")])
def test_a_dead_letter_keeps_its_key_as_text(key: bytes | None, text: str) -> None:
    (letter,) = Store("").write([TakenRecord(Topic.ENERGY, 0, b"x", key=key)]).dead
    assert letter.key == text


def test_a_letter_of_the_bridge_s_stays_what_the_bridge_made_of_it(store: Store) -> None:
    made = DeadLetterMessage(
        origin="saveeye/telemetry", payload=b"\xff\0", reason=Reason.NOT_JSON, detail="malformed", failed_at=START
    )
    stored = store.write([record(encode_dead_letter(made), topic=Topic.DEAD_LETTER), reading(1)])
    (letter,) = stored.dead
    assert (letter.source, letter.origin, letter.offset) == (Source.MQTT, "saveeye/telemetry", None)
    assert (letter.payload, letter.reason, letter.failed_at) == (b"\xff\0", Reason.NOT_JSON, START)
    assert stored.rows == {Topic.ENERGY: 1}


@pytest.mark.parametrize(
    "content", [b"x", b"{}", None, b'{"origin":"o","payload":"not base64!","reason":"r","detail":"d"}']
)
def test_a_letter_that_cannot_be_read_is_one_itself(content: bytes | None) -> None:
    (letter,) = Store("").write([record(content, topic=Topic.DEAD_LETTER, offset=7)]).dead
    assert (letter.source, letter.origin, letter.offset) == (Source.KAFKA, Topic.DEAD_LETTER, 7)


def test_a_database_that_is_away_is_trouble_and_no_badness() -> None:
    with pytest.raises(psycopg2.OperationalError):
        Store("postgresql://house@127.0.0.1:1/telemetry").write([reading(0, power=TOO_LARGE), reading(1)])


def test_a_connection_that_was_cut_is_made_again(store: Store, telemetry: Connection, rows: Rows) -> None:
    store.write([reading(0)])
    with telemetry.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'homelab-sink'")
        # That of a test before may still be ending.
        assert (True,) in cursor.fetchall()
    with pytest.raises(psycopg2.Error):
        store.write([reading(1)])
    store.write([reading(1)])
    assert len(rows("energy_consumption")) == 2


def test_a_table_that_is_missing_is_trouble(store: Store, telemetry: Connection, rows: Rows) -> None:
    """A migration has yet to run: nothing is wrong with the readings."""
    with telemetry.cursor() as cursor:
        cursor.execute("ALTER TABLE energy_consumption RENAME TO elsewhere")
        try:
            with pytest.raises(psycopg2.Error):
                store.write([reading(0)])
        finally:
            cursor.execute("ALTER TABLE elsewhere RENAME TO energy_consumption")
    store.write([reading(0)])
    assert len(rows("energy_consumption")) == 1

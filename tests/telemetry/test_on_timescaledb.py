"""What the sink writes and the status asks, on the real extension. It takes one client at a time."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import cast

import dj_database_url
import psycopg2
import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from bridge.messages import Reason, Topic
from telemetry.sink.store import Store
from telemetry.status.streams import rows_by_stream
from tests.telemetry.sink.records import TakenRecord, reading, value

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def store(timescale: psycopg2.extensions.connection, timescale_url: str) -> Iterator[Store]:
    """A store on empty tables; their owner's connection is closed, since no other may be open."""
    timescale.close()
    made = Store(timescale_url)
    yield made
    made.close()


def count(url: str, table: str) -> int:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cast(int, cursor.fetchall()[0][0])


def test_a_batch_is_stored_once_and_without_its_bad_row(store: Store, timescale_url: str) -> None:
    batch = [reading(number) for number in range(20)]
    batch[7] = reading(7, power=3_000_000_000)
    batch.append(reading(1, topic=Topic.HEATPUMP))
    for _ in range(2):
        assert [letter.reason for letter in store.write(batch).dead] == [Reason.REFUSED]
    store.close()

    assert count(timescale_url, "energy_consumption") == 19
    assert count(timescale_url, "heatpump_status") == 1


@pytest.mark.django_db(databases=["default", "telemetry"])
def test_the_status_finds_the_newest_reading(store: Store, timescale_url: str) -> None:
    times = [NOW - timedelta(minutes=minutes) for minutes in (90, 30, 1)]
    store.write([TakenRecord(Topic.ENERGY, n, value(at, fields={"wifi_rssi": -60})) for n, at in enumerate(times)])
    store.close()
    usual = connections["telemetry"]
    asked = DatabaseWrapper({**usual.settings_dict, **dj_database_url.parse(timescale_url)}, alias="telemetry")
    connections["telemetry"] = asked
    try:
        rows = rows_by_stream(NOW)["energy"]
    finally:
        asked.close()
        connections["telemetry"] = usual

    assert (rows.newest, rows.last_hour) == (times[2], 2)

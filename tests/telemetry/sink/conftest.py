from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.conf import settings

from telemetry.sink.store import Store

Rows = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def store(telemetry: psycopg2.extensions.connection) -> Iterator[Store]:
    """The store of the sink's own login."""
    made = Store(settings.TELEMETRY_SINK_URL)
    yield made
    made.close()


@pytest.fixture
def rows(telemetry: psycopg2.extensions.connection) -> Rows:
    """Read a table: its rows by time, each as its columns."""

    def read(table: str) -> list[dict[str, Any]]:
        with telemetry.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} ORDER BY time")
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return read

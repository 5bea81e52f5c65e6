"""The table of the meter's readings, as benches look at it."""

import time
from datetime import timedelta
from typing import Any

import psycopg2

from bench.readings import FIRST, SERIAL

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.005


class Rows:
    """The rows of `bench.readings`, told apart by their numbers."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True

    def close(self) -> None:
        self._connection.close()

    def count(self) -> int:
        return int(self._one("SELECT count(*) FROM energy_consumption"))

    def wait_for(self, number: int) -> int:
        """Return how many rows there are once the reading of a number is one of them."""
        deadline = time.monotonic() + WAIT_SECONDS
        query = "SELECT exists(SELECT FROM energy_consumption WHERE device_serial = %s AND time = %s)"
        while not self._one(query, SERIAL, FIRST + timedelta(seconds=number)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"reading {number} is not stored; {self.count()} are")
            time.sleep(LOOK_SECONDS)
        return self.count()

    def newest(self) -> int:
        """Return the number of the newest reading, -1 where there is none."""
        found = self._one("SELECT extract(epoch FROM max(time) - %s) FROM energy_consumption", FIRST)
        return -1 if found is None else int(found)

    def empty(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("TRUNCATE energy_consumption, rollup_marks")

    def _one(self, query: str, *parameters: object) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters)
            row = cursor.fetchone()
            assert row
            return row[0]

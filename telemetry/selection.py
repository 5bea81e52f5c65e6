"""Reading typed rows from the telemetry database with SQL, through the alias on which nothing can be written."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db import connections, transaction

from telemetry.router import ALIAS

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Selection(Generic[Row]):
    """What a query selects. Nothing is asked before rows are wanted.

    `row` is a dataclass that has the query's columns as its fields, in the same order.
    """

    row: type[Row]
    sql: str
    parameters: Mapping[str, str | int | datetime | None]

    def first(self) -> Row | None:
        """Return the first row if there is one."""
        return next(iter(self.rows(limit=1)), None)

    def rows(self, *, limit: int) -> list[Row]:
        """Return the first rows, at most `limit` of them."""
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(f"{self.sql} LIMIT {limit:d}", self.parameters)
            return [self.row(*values) for values in cursor.fetchall()]

    def stream(self) -> Generator[Row, None, None]:
        """Yield every row through a cursor on the server, so that memory stays the same however many there are."""
        # Outside of a transaction the server would put all rows aside before it gives the first.
        with transaction.atomic(using=ALIAS), connections[ALIAS].chunked_cursor() as cursor:
            cursor.execute(self.sql, self.parameters)
            for values in cursor:
                yield self.row(*values)

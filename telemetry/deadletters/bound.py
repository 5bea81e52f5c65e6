"""How many dead letters there can be: a device that sends nothing but rubbish must not fill the database's disk."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from telemetry.deadletters.services import NewDeadLetter

log = logging.getLogger(__name__)

MOST_LETTERS = 100_000
MOST_BYTES = 256 * 2**20
LOOK_SHARE = 0.02
"""What may come, as a share of either bound, until it is time to look again."""

# PostgreSQL knows the length of a value that it keeps apart or compressed without reading it.
TRIM = """
    DELETE FROM telemetry_deadletter WHERE id <= (
        SELECT max(id) FROM (
            SELECT id, row_number() OVER newest AS letters,
                sum(octet_length(payload) + octet_length(origin) + octet_length(key)) OVER newest AS bytes
            FROM telemetry_deadletter WINDOW newest AS (ORDER BY id DESC)
        ) AS counted
        WHERE letters > %s OR bytes > %s
    )
"""


@dataclass(slots=True)
class Bound:
    """Lets the oldest letters go where there are too many, or where they take too many bytes.

    It looks at its first letter and then after each 2 % of either bound, so there are never more than 102 % of it.
    """

    letters: int = MOST_LETTERS
    size: int = MOST_BYTES
    _new_letters: float = float("inf")
    _new_bytes: int = 0

    def keep(self, recorded: Sequence[NewDeadLetter]) -> None:
        """Count letters that have just been recorded; raises `django.db.Error` where the database is away."""
        self._new_letters += len(recorded)
        self._new_bytes += sum(len(letter.payload) + len(letter.origin) + len(letter.key) for letter in recorded)
        if self._new_letters >= self.letters * LOOK_SHARE or self._new_bytes >= self.size * LOOK_SHARE:
            self._trim()
            self._new_letters = self._new_bytes = 0

    def _trim(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TRIM, [self.letters, self.size])
            if cursor.rowcount:
                log.warning("dead letters: the oldest %d had to go, since there are too many", cursor.rowcount)

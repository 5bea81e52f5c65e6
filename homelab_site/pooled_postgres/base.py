"""Django's PostgreSQL backend, taking its connections from a pool and giving them back to it.

Django 5.2 has a pool for psycopg 3 only, and without one it connects for each request under ASGI, where each has a
thread of its own (https://docs.djangoproject.com/en/5.2/ref/databases/#persistent-connections). To connect, and to let
a new server process learn the tables, takes longer than what most requests ask.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg2.extensions import connection

from homelab_site.pooled_postgres.pool import POOL


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection to one database."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> connection:
        self._place = frozenset(conn_params.items())
        kept = POOL.take(self._place)
        made: connection = kept or super().get_new_connection(conn_params)
        return made

    def _close(self) -> None:
        # Within a transaction Django goes on to hold what it has closed.
        if self.connection is None or self.in_atomic_block or not POOL.give_back(self._place, self.connection):
            super()._close()  # type: ignore[misc] # the stubs do not know it

"""Hearing from the database that there is something to publish."""

import select

import psycopg2
from psycopg2 import sql

from heatpump.outbox.services import CHANNEL
from homelab_site.postgres import IMPATIENCE


class Wakeups:
    """A connection that listens on the outbox's channel; it is made when needed and dropped on trouble."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None

    def listen(self) -> bool:
        """Listen from now on; tell whether nobody did before, so that something can have been missed.

        Raises `psycopg2.Error` where the database is away.
        """
        if self._connection is not None:
            return False
        connection = psycopg2.connect(self._url, application_name="homelab-outbox", **IMPATIENCE)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        self._connection = connection
        return True

    def wait(self, seconds: float) -> bool:
        """Wait for a notification; tell whether one came. Raises `psycopg2.Error` where the connection is lost."""
        assert self._connection
        try:
            ready, _, _ = select.select([self._connection], [], [], seconds)
            if not ready:
                return False
            self._connection.poll()
        except psycopg2.Error:
            self.close()
            raise
        came = bool(self._connection.notifies)
        self._connection.notifies.clear()
        return came

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

"""Celery's beat: the schedule stands in the database, where the admin shows and changes it, and one beat sends."""

import logging
from collections.abc import Mapping
from typing import Any

import django.db
import psycopg2
from django.conf import settings
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from homelab_site.postgres import IMPATIENCE
from homelab_site.workers.liveness import LivenessFile
from homelab_site.workers.pauses import GrowingPauses

log = logging.getLogger(__name__)

LOCK = 0x686F6D65
"""The number of PostgreSQL's advisory lock that the beat holds; nothing else in the database uses one."""
WAIT_SECONDS = 2.0
GONE_HOLDER = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
"""Lets the server notice within 25 s that the machine of the beat is gone, and give the lock to another."""


class Turn:
    """A lock that one process holds, and that the database takes back when that process or its connection ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None
        self._held = False

    def is_mine(self) -> bool:
        """Take the lock if it is free; tell whether this process has it. Raises `psycopg2.Error` without a database."""
        try:
            connection = self._connected()
            with connection.cursor() as cursor:
                cursor.execute("SELECT true" if self._held else "SELECT pg_try_advisory_lock(%s)", [LOCK])
                ((self._held,),) = cursor.fetchall()
        except psycopg2.Error:
            self.give_up()
            raise
        return self._held

    def give_up(self) -> None:
        self._held = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg2.extensions.connection:
        if self._connection is None:
            self._connection = psycopg2.connect(
                self._url, application_name="homelab-beat", options=GONE_HOLDER, **IMPATIENCE
            )
            self._connection.autocommit = True
        return self._connection


class Entry(ModelEntry):  # type: ignore[misc] # the library is not typed
    """A row of the schedule, of which the beat writes nothing but its own columns."""

    def save(self) -> None:
        """Write when the task was sent last; raises `django.db.Error`.

        The library reads the row and writes all of it: what a person changed between both would be lost.
        """
        PeriodicTask.objects.filter(pk=self.model.pk).update(
            last_run_at=self.model.last_run_at, total_run_count=self.model.total_run_count
        )


class HouseScheduler(DatabaseScheduler):  # type: ignore[misc] # the library is not typed
    """Sends what is due while it is this process's turn; a second beat waits for the first to end.

    The defaults of the settings are rows that are made where they are missing: what a person has changed stays.
    """

    Entry = Entry

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._turn = Turn(settings.DATABASE_URL)
        self._has_begun = False
        self._pauses = GrowingPauses()
        self._liveness = LivenessFile(settings.WORKER_RUN_DIR, "beat")
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Nothing yet: the schedule is read when the turn comes, with what another beat has sent until then."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send a task that is due, and return the seconds until the next call."""
        self._liveness.touch()
        try:
            if not self._turn.is_mine():
                return WAIT_SECONDS
            if not self._has_begun:
                self._begin()
            seconds: float = super().tick(*args, **kwargs)
        except (psycopg2.Error, django.db.Error) as error:
            self._turn.give_up()
            self._has_begun = False
            pause = self._pauses.next()
            log.warning("beat: %s; next attempt in %.1f s", " ".join(str(error).split()), pause)
            return pause
        self._pauses.reset()
        return seconds

    def close(self) -> None:
        super().close()
        self._turn.give_up()

    def _begin(self) -> None:
        log.info("beat: it is the turn of this process")
        # The library would look for changes only from its second look on, and so miss one between both for good.
        self._last_timestamp = self.Changes.last_change()
        make_missing(self.app.conf.beat_schedule, self.Entry)
        # Both make the library read all rows again. What it had not written down when the turn was lost, another did.
        self._dirty.clear()
        self._initial_read, self._heap = True, None
        self._has_begun = True


def make_missing(defaults: Mapping[str, Mapping[str, Any]], entry_type: Any) -> None:
    """Make the rows of default schedules that have none; raises `django.db.Error`."""
    there = set(PeriodicTask.objects.filter(name__in=defaults).values_list("name", flat=True))
    for name in defaults.keys() - there:
        entry_type.from_entry(name, **defaults[name])

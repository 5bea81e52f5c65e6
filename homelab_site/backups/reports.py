"""Noting how a backup or a drill went, and what was noted."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import DatabaseError

from homelab_site.backups.description import Description
from homelab_site.backups.errors import BackupError
from homelab_site.backups.models import Kind, Run

log = logging.getLogger(__name__)


def noted(kind: Kind, database: str, work: Callable[[], Description]) -> Description:
    """Do the work, and note how it went; its BackupError is passed on."""
    try:
        description = work()
    except BackupError as error:
        _note(Run(kind=kind, database=database, error=str(error)))
        raise
    _note(Run(kind=kind, database=database, taken_at=description.taken_at, rows=description.contents.all_rows))
    return description


def newest_runs(kind: Kind) -> Iterable[Run]:
    """Return the newest run of each database."""
    return Run.objects.filter(kind=kind).order_by("database", "-ended_at", "-id").distinct("database")


def newest_backups() -> dict[str, datetime]:
    """Return when the newest whole backup of each database was taken."""
    runs = Run.objects.filter(kind=Kind.BACKUP, error="").order_by("database", "-taken_at").distinct("database")
    return {run.database: run.taken_at for run in runs if run.taken_at}


def _note(run: Run) -> None:
    # A backup is a backup even where the site's own database is away; then the metrics grow old, which is an alert.
    try:
        run.save(force_insert=True)
    except DatabaseError as error:
        log.warning("the %s of %s could not be noted: %s", run.get_kind_display(), run.database, error)

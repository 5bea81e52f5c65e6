"""Making a backup: a stream from pg_dump to where it is kept, which is then read back.

An archive counts once its description is beside it, and that is stored last.
"""

import logging
from contextlib import suppress
from datetime import UTC, datetime

from django.conf import settings

from homelab_site.backups.archive import Dump, check
from homelab_site.backups.database import connect, contents_of, major_of, snapshot
from homelab_site.backups.databases import url_of
from homelab_site.backups.description import Description, archive_name, archives_of, description_name
from homelab_site.backups.destination import Destination
from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import find_program

log = logging.getLogger(__name__)


def back_up(name: str, destination: Destination) -> Description:
    """Store an archive of a database and its description, and return that.

    Raises BackupError where the archive is not stored as it was made; then none is left that counts.
    """
    description = _store(name, url_of(name), destination)
    try:
        _read_back(description, destination)
        destination.store_bytes(description_name(description.archive), description.encode())
    except BackupError:
        with suppress(BackupError):  # a login that may only add files; without a description it does not count
            destination.remove(description.archive)
        raise
    return description


def remove_old(name: str, destination: Destination, keep: int) -> list[str]:
    """Remove all backups of a database but the newest `keep`, and return the names of their archives."""
    old = archives_of(name, destination.names())[:-keep]
    for archive in old:
        try:
            # In this order, so that no description is left without an archive.
            destination.remove(description_name(archive))
            destination.remove(archive)
        except BackupError as error:
            raise BackupError(
                f"The backup is stored, but older ones stay: {error} Where the bucket's own lifecycle removes them, "
                "use --keep 0."
            ) from error
    return old


def _store(name: str, url: str, destination: Destination) -> Description:
    taken_at = datetime.now(UTC)
    archive = archive_name(name, taken_at)
    with connect(url) as database, snapshot(database) as held:
        contents = contents_of(database)
        program = find_program("pg_dump", major_of(database))
        with Dump(program, url, f"--snapshot={held}") as dump:
            destination.store(archive, dump)
    return Description(
        database=name,
        archive=archive,
        taken_at=taken_at,
        size=dump.size,
        sha256=dump.sha256,
        pg_dump=program.version,
        build=settings.REVISION,
        contents=contents,
    )


def _read_back(description: Description, destination: Destination) -> None:
    program = find_program("pg_restore", description.pg_dump_major)
    with destination.open(description.archive) as stored:
        sha256 = check(program, stored)
    if sha256 != description.sha256:
        raise BackupError(f"{destination} gives back something else than was stored in it; is its disk all right?")

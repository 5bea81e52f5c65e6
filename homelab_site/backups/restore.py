"""Restoring a backup, and trying out whether it could be: both into a scratch database, where its rows are counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from homelab_site.backups import archive
from homelab_site.backups.database import MAINTENANCE, connect, count_rows, execute, major_of, name_of
from homelab_site.backups.databases import known_migrations, url_of
from homelab_site.backups.description import Description, archives_of, decode, description_name
from homelab_site.backups.destination import Destination
from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import find_program
from homelab_site.backups.scratch import exists, put_in_place, scratch_database
from homelab_site.backups.timescale import TIMESCALE, after_restore, before_restore, show_chunks


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and under which name the database that it replaced is kept; None if there was none."""

    description: Description
    kept_as: str | None


def find_backup(name: str, destination: Destination, wanted: str | None = None) -> Description:
    """Return the description of an archive, the newest unless one is named; raises BackupError if there is none."""
    found = archives_of(name, destination.names())
    if wanted and wanted not in found:
        raise BackupError(f"{destination} has no whole backup {wanted}; it has {', '.join(found) or 'none'}.")
    if not found:
        raise BackupError(f"{destination} has no whole backup of {name}; is it the right place?")
    described = description_name(wanted or found[-1])
    return decode(described, destination.read_bytes(described))


def restore(name: str, destination: Destination, description: Description, *, replace: bool) -> Restored:
    """Put a backup in the place of a database, which nothing is done to before the backup is restored and counted.

    A database with tables is kept under another name, and replaced only if `replace` says so. Raises BackupError
    where the backup cannot be restored on this server or is not as its description says.
    """
    url = url_of(name)
    _check_migrations(name, description)
    has_tables = exists(url) and _has_tables(url)
    if has_tables and not replace:
        raise BackupError(f"The database {name_of(url)} is not empty; to replace it and keep it aside, use --replace.")
    keep_as = f"{name_of(url)}_before_{datetime.now(UTC):%Y%m%dt%H%M%S}"
    with _restored(url, "restoring", destination, description) as scratch_url:
        put_in_place(url, scratch_url, keep_as)
    return Restored(description, keep_as if has_tables else None)


def drill(name: str, destination: Destination) -> Description:
    """Restore the newest backup of a database beside it, count, and drop what was restored."""
    description = find_backup(name, destination)
    with _restored(url_of(name), "drill", destination, description):
        return description


@contextmanager
def _restored(url: str, suffix: str, destination: Destination, description: Description) -> Iterator[str]:
    """Give a scratch database in which a backup is restored as it was."""
    program = find_program("pg_restore", description.pg_dump_major)
    timescale = description.contents.extensions.get(TIMESCALE)
    _check_server(url, description)
    with scratch_database(url, suffix) as scratch_url:
        if timescale:
            before_restore(scratch_url, timescale)
        with destination.open(description.archive) as stored:
            sha256 = archive.restore(program, stored, scratch_url)
        if sha256 != description.sha256:
            raise BackupError(f"{description.archive} has another checksum than when it was stored; use another one.")
        _check_rows(scratch_url, description)
        if timescale:
            after_restore(scratch_url)
        yield scratch_url


def _check_rows(scratch_url: str, description: Description) -> None:
    with connect(scratch_url) as database:
        if TIMESCALE in description.contents.extensions:
            show_chunks(database)
        rows = count_rows(database)
    expected = description.contents.rows
    wrong = [table for table in sorted({*rows, *expected}) if rows.get(table) != expected.get(table)]
    if wrong:
        said = ", ".join(f"{table} {rows.get(table)} instead of {expected.get(table)}" for table in wrong)
        raise BackupError(f"{description.archive} does not give back the rows that were dumped: {said}.")


def _check_server(url: str, description: Description) -> None:
    contents = description.contents
    with connect(url, database=MAINTENANCE) as server:
        if major_of(server) < contents.major:
            raise BackupError(
                f"{description.archive} is of PostgreSQL {contents.server}, and this server is {major_of(server)}; "
                f"restore it on {contents.major} or newer."
            )
        available = execute(server, "SELECT name, version FROM pg_available_extension_versions")
        roles = {role for (role,) in execute(server, "SELECT rolname FROM pg_roles")}
    for extension, version in contents.extensions.items():
        _check_extension(extension, version, {has for name, has in available if name == extension})
    if missing := [role for role in contents.roles if role not in roles]:
        statements = " ".join(f"CREATE ROLE {role};" for role in missing)
        raise BackupError(f"{description.archive} grants to roles that this server lacks; first run {statements}")


def _check_extension(name: str, version: str, available: set[str]) -> None:
    if not available:
        raise BackupError(f"The dump needs the extension {name} {version}, which this server lacks; install it.")
    if name == TIMESCALE and version not in available:
        raise BackupError(
            f"The dump is of {name} {version}, and this server has {', '.join(sorted(available))}; it has to be the "
            "same for a restore, and can be updated afterwards."
        )


def _check_migrations(name: str, description: Description) -> None:
    known = known_migrations(name)
    unknown = [label for label in description.contents.migrations if known is not None and label not in known]
    if unknown:
        raise BackupError(
            f"{description.archive} has migrations that this build does not know ({', '.join(unknown)}); restore it "
            f"with the build that made it, {description.build}, or a newer one."
        )


def _has_tables(url: str) -> bool:
    with connect(url) as database:
        return bool(count_rows(database))

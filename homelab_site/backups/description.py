"""What is written beside an archive: its checksum, and what a restore has to know and to get back."""

import re
from datetime import UTC, datetime

import msgspec

from homelab_site.backups.errors import BackupError

ARCHIVE, DESCRIPTION = ".dump", ".json"
STAMP = "%Y%m%dT%H%M%S"


class Contents(msgspec.Struct, frozen=True):
    """What a database holds, and what it needs of its server.

    `server` is a version such as `17.6`; `extensions` are versions by name; `migrations` are labels such as
    `014_temperature_views` or `auth.0001_initial`; `roles` are those that the database grants something to; `rows` are
    counts by table.
    """

    server: str
    extensions: dict[str, str]
    migrations: list[str]
    roles: list[str]
    rows: dict[str, int]

    @property
    def major(self) -> int:
        return int(self.server.split(".", maxsplit=1)[0])

    @property
    def all_rows(self) -> int:
        return sum(self.rows.values())


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An archive that was whole when it was stored. `build` is the revision of the program that made it."""

    database: str
    archive: str
    taken_at: datetime
    size: int
    sha256: str
    pg_dump: str
    build: str
    contents: Contents

    @property
    def pg_dump_major(self) -> int:
        return int(self.pg_dump.split(".", maxsplit=1)[0])

    def encode(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def decode(name: str, content: bytes) -> Description:
    """Return what a description says; raises BackupError for one that cannot be understood."""
    try:
        return msgspec.json.decode(content, type=Description)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{name} is no description of a backup ({error}); restore another one.") from error


def archive_name(database: str, taken_at: datetime) -> str:
    """Return an archive's name, such as `homelab-20261125T023000.042Z.dump`: sorted by name is sorted by time."""
    moment = taken_at.astimezone(UTC)
    return f"{database}-{moment.strftime(STAMP)}.{moment.microsecond // 1000:03}Z{ARCHIVE}"


def description_name(archive: str) -> str:
    return archive.removesuffix(ARCHIVE) + DESCRIPTION


def archives_of(database: str, names: list[str]) -> list[str]:
    """Return the archives of a database that count, oldest first: those with a description beside them."""
    form = re.compile(rf"{re.escape(database)}-\d{{8}}T\d{{6}}\.\d{{3}}Z{re.escape(ARCHIVE)}")
    there = set(names)
    return sorted(name for name in there if form.fullmatch(name) and description_name(name) in there)

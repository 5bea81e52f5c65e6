"""Archives of pg_dump's custom format, which are compressed: making one, reading one through, restoring one.

All of it streams, so that a database needs no room on the disk of who backs it up.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import Program, arguments_of, environment_of, last_words

CHUNK = 1 << 20
# A migration that holds a table must not make the backup wait for ever, nor others behind it.
LOCK_SECONDS = 120
MINIMUM_BYTES = 8_192
"""The archive of a database of ours is larger even without a row: its tables alone need more."""


class Readable(Protocol):
    """A stream of bytes: `read` returns as many as asked for, fewer only at the end."""

    def read(self, size: int = -1, /) -> bytes: ...


class Dump:
    """The archive of a database, as pg_dump makes it. Reading its end raises BackupError where pg_dump failed.

    So whoever stores what is read knows before the last byte whether it is whole.
    """

    def __init__(self, program: Program, url: str, *options: str) -> None:
        argv = [
            *(str(program.path), "--format=custom", "--no-password", f"--lock-wait-timeout={LOCK_SECONDS}s"),
            *options,
            *arguments_of(url),
        ]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the dump
        self.process = subprocess.Popen(argv, env=environment_of(url), stdout=subprocess.PIPE, stderr=self._errors)
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self.process.stdout
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()
        self._errors.close()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        assert self.process.stdout
        data = self.process.stdout.read(size)
        self._hash.update(data)
        self.size += len(data)
        if len(data) != size:
            self._check_end()
        return data

    def _check_end(self) -> None:
        if self.process.wait():
            raise BackupError(
                f"pg_dump failed, and nothing of the dump is kept: {last_words(self._errors)} "
                f"(exit status {self.process.returncode})."
            )
        if self.size < MINIMUM_BYTES:
            raise BackupError(
                f"The dump has {self.size} bytes, and no database of ours fits into less than {MINIMUM_BYTES}; "
                "is it the right one?"
            )


def check(program: Program, source: Readable) -> str:
    """Read an archive to its end, have pg_restore understand all of it, and return its SHA-256.

    `pg_restore --list` would read the table of contents only, which comes first, and so accept an archive that was cut
    off after it. Raises BackupError for an archive that is not whole.
    """
    return _feed(source, [str(program.path), f"--file={os.devnull}"], None)


def restore(program: Program, source: Readable, url: str) -> str:
    """Restore an archive into an empty database, up to the first error, and return the archive's SHA-256.

    What is restored belongs to the login of `url`. Raises BackupError for an archive that cannot be restored.
    """
    argv = [str(program.path), "--exit-on-error", "--no-owner", "--no-password", *arguments_of(url)]
    return _feed(source, argv, environment_of(url))


def _feed(source: Readable, argv: Sequence[str], environment: dict[str, str] | None) -> str:
    """Pass a stream on to a program's standard input, and return the stream's SHA-256."""
    digest = hashlib.sha256()
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            assert process.stdin
            with suppress(BrokenPipeError):  # it has ended, and its exit status says why
                _copy(source, digest.update, process.stdin.write)
            with suppress(BrokenPipeError):
                process.stdin.close()
            status = process.wait()
        finally:
            process.kill()
        if status:
            raise BackupError(f"The archive cannot be restored: {last_words(errors)} (exit status {status}).")
    _copy(source, digest.update)
    return digest.hexdigest()


def _copy(source: Readable, *takers: Callable[[bytes], object]) -> None:
    while data := source.read(CHUNK):
        for take in takers:
            take(data)

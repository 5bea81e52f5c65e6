"""The audit log: one line of JSON for each call, refused ones too, appended whole whoever else writes.

The log and its directory belong to the user who runs the tool (modes 0600 and 0700).
"""

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

LOG = Path("logs/agent.log")
# Some lines: with less room than this a call is not begun, since what it did could then not be written down.
ROOM_BYTES = 64 * 1024


class AuditError(Exception):
    """The audit log cannot be written; the text says why."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a call. `time` is RFC 3339 in UTC, `duration` in seconds; outputs are kept as digests only."""

    time: str
    operationId: str  # noqa: N815 - members are named as in the answer
    who: str
    intent: str | None
    namespace: str | None
    target: str | None
    command: str | None
    summary: str | None
    risk: str | None
    checks: tuple[str, ...]
    dryRun: bool  # noqa: N815
    status: str
    reasons: tuple[str, ...]
    code: int | None
    duration: float | None
    stdoutDigest: str | None  # noqa: N815
    stderrDigest: str | None  # noqa: N815


# Called with each record that has been written. The Django app keeps a row of it; without Django there is nobody.
listeners: list[Callable[[Record], None]] = []


def log_path() -> Path:
    """Return the path that `K8S_AUDIT_LOG` names, or the default, relative to the working directory."""
    return Path(os.environ.get("K8S_AUDIT_LOG") or LOG)


class AuditLog:
    """The log, opened: a call whose line could not be written is not carried out."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def append(self, record: Record) -> None:
        """Append the record as one whole line, and tell the listeners. Raises AuditError if the disk refuses."""
        line = (json.dumps(msgspec.to_builtins(record)) + "\n").encode()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                _write_whole(self._descriptor, line)
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        except OSError as error:
            raise AuditError(f"The audit log cannot be written: {error.strerror}.") from error
        for listener in listeners:
            listener(record)


@contextmanager
def open_log() -> Iterator[AuditLog]:
    """Open the audit log, which is made if there is none. Raises AuditError if that cannot be done."""
    path = log_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise AuditError(f"The audit log {path} cannot be opened: {error.strerror}.") from error
    try:
        _check(path, descriptor)
        yield AuditLog(descriptor)
    finally:
        os.close(descriptor)


def _check(path: Path, descriptor: int) -> None:
    """Make sure that lines will be kept, and read by the owner only. A device keeps nothing, and is left as it is."""
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        raise AuditError(f"The audit log {path} is not a file.")
    if stat.S_IMODE(mode) != 0o600:
        os.fchmod(descriptor, 0o600)
    room = os.fstatvfs(descriptor)
    if room.f_bavail * room.f_frsize < ROOM_BYTES:
        raise AuditError(f"The audit log {path} has no room: the disk is full.")


def _write_whole(descriptor: int, line: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line  # a writer was killed, or the disk was full, in the middle of its line
    while line:
        line = line[os.write(descriptor, line) :]

"""Confirmations: a plan is shown with a hash, and the hash confirms that very plan for ten minutes.

A hash is the time of issue and an HMAC of it and the plan, so nothing has to be remembered, and a hash that another
process of the same user has issued counts. The key lies next to the audit log, for its owner only.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from k8s.audit import AuditError, log_path
from k8s.plan import Plan

VALID_SECONDS = 600
KEY_BYTES = 32


def issue(plan: Plan) -> str:
    """Return a hash that confirms this plan for ten minutes. Raises AuditError if the key cannot be read or made."""
    issued = f"{int(time.time()):08x}"
    return f"{issued}-{_seal(plan, issued)}"


def confirms(confirmation: str, plan: Plan) -> bool:
    """Tell whether a hash was issued for this plan within the last ten minutes."""
    issued, _, seal = confirmation.partition("-")
    age = time.time() - int(issued, 16)
    # A hash of a second ahead is one of a clock that has just been set back.
    return -1 <= age <= VALID_SECONDS and hmac.compare_digest(seal, _seal(plan, issued))


def _seal(plan: Plan, issued: str) -> str:
    message = issued.encode() + msgspec.json.encode(plan)
    return hmac.digest(_key(), message, hashlib.sha256).hex()[:32]


def _key() -> bytes:
    path = log_path().with_suffix(".key")
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise AuditError(f"The key of confirmations {path} cannot be used: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise AuditError(f"The key of confirmations {path} has the wrong length; remove it.")
    return key


def _make_key(path: Path) -> None:
    """Make the key appear as a whole; where two processes make one, the first wins."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        Path(temporary).unlink()

"""The secrets of the one-machine stack: made at the first start, kept in files that only their owner can read."""

import secrets
from pathlib import Path

LOGIN_NAME = "house"


def secret_key(data_dir: Path) -> str:
    return _kept(data_dir / "secret_key", secrets.token_urlsafe(50))


def login_password(data_dir: Path) -> str:
    """Return the password that the stack made for the login `house`. It can have been changed since."""
    return _kept(data_dir / "login_password", secrets.token_urlsafe(12))


def _kept(path: Path, new: str) -> str:
    """Return what a file holds; first fill one that is missing or empty, as a whole or not at all.

    Raises OSError where it can be neither read nor written.
    """
    try:
        kept = path.read_text(errors="replace").strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    scratch = path.with_name(f".{path.name}")
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=0o600)
    scratch.write_text(new)
    scratch.replace(path)
    return new

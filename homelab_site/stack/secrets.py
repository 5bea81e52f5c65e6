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
    if not path.exists() or not path.read_text():
        path.touch(mode=0o600)
        path.write_text(new)
    return path.read_text()

"""The secrets of the one-machine stack: made at the first start, kept in files that only their owner can read."""

import secrets
from pathlib import Path

from homelab_site.stack.child import listens

LOGIN_NAME = "house"

# The identity provider's clients, people and the group of those who may do everything
SITE_CLIENT, SCRIPTS_CLIENT = "homelab", "homelab-scripts"
ADMIN, VIEWER = "admin", "viewer"
ADMINS = "homelab-admins"
# Below those that systems give to connections that ask for any
FIRST_PORT, PORTS = 20_000, 10_000


def secret_key(data_dir: Path) -> str:
    return _kept(data_dir / "secret_key", secrets.token_urlsafe(50))


def login_password(data_dir: Path) -> str:
    """Return the password that the stack made for the login `house`. It can have been changed since."""
    return _kept(data_dir / "login_password", secrets.token_urlsafe(12))


def client_secret(identity_dir: Path, client_id: str) -> str:
    return _kept(identity_dir / f"{client_id}_secret", secrets.token_urlsafe(32))


def person_password(identity_dir: Path, name: str) -> str:
    """Return the password that the identity provider made for a person. It can have been changed since."""
    return _kept(identity_dir / f"{name}_password", secrets.token_urlsafe(12))


def identity_port(identity_dir: Path) -> int:
    """Return the identity provider's port, which is part of its name, and so of everybody's whom it knows."""
    ports = (FIRST_PORT + secrets.randbelow(PORTS) for _ in range(PORTS))
    return int(_kept(identity_dir / "port", str(next(port for port in ports if not listens(port)))))


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

"""The signing keys of the identity provider: files in a directory. The newest signs; one older is still published."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEPT = 2


def add_key(directory: Path) -> None:
    """Make a key, which signs from the next request on; raises OSError where it cannot be written."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = rsa.generate_private_key(65537, 2048)
    path = directory / f"{time.time_ns()}.pem"
    scratch = path.with_suffix(".new")
    scratch.touch(mode=0o600)
    scratch.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    scratch.replace(path)
    for old in _newest_first(directory)[KEPT:]:
        old.unlink()


def private_keys(directory: Path) -> list[str]:
    """Return the keys as PEM, the newest first."""
    return [path.read_text() for path in _newest_first(directory)]


class CurrentKeys:
    """Middleware that lets the provider sign with, and publish, the keys that are in the directory now."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        use_keys()
        return self._get_response(request)


def use_keys() -> None:
    # The provider's library reads its keys once; what is set on its settings is what it uses.
    # The other functions are for processes of other settings too.
    from oauth2_provider.settings import oauth2_settings  # noqa: PLC0415

    from homelab_site.stack.identity import settings  # noqa: PLC0415

    newest, *older = private_keys(settings.KEYS_DIR)
    oauth2_settings.OIDC_RSA_PRIVATE_KEY = newest
    oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE = older


def _newest_first(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.pem"), reverse=True)

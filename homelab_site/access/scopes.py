"""What a caller may do: the scopes of the API, and who has which."""

from collections.abc import Mapping
from typing import Any, Protocol

READ_SCOPES = frozenset({"read:energy", "read:heatpump", "read:temperature", "read:settings"})
ALL_SCOPES = READ_SCOPES | {"write:settings"}


class LocalUser(Protocol):
    """A user of this site."""

    is_staff: bool
    is_superuser: bool


def claimed_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return those of our scopes that a token's claims grant, in any of the shapes that issuers use.

    `scope` is a string with spaces between (RFC 8693, section 4.2) or a list, and so is `scp`. Authentik puts a claim
    of the scope's own name, which must be true and not merely something that counts as true. If it is false, that
    counts more than a list: Authentik lists what a client asked for, and only the claim says what the person may.
    """
    listed = {word for name in ("scope", "scp") for word in _words(claims.get(name))}
    named = {scope for scope in ALL_SCOPES if claims.get(scope) is True}
    denied = {scope for scope in ALL_SCOPES if claims.get(scope) is False}
    return ALL_SCOPES & (listed | named) - denied


def session_scopes(user: LocalUser) -> frozenset[str]:
    """Return the scopes of a session, however it began: the identity provider's group says who is staff."""
    return ALL_SCOPES if user.is_staff or user.is_superuser else READ_SCOPES


def _words(claim: object) -> list[str]:
    if isinstance(claim, str):
        return claim.split(" ")
    return [word for word in claim if isinstance(word, str)] if isinstance(claim, list) else []

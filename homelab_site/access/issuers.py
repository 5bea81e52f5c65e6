"""Whose tokens count, as the settings say it."""

from typing import Annotated

import msgspec
from django.core.exceptions import ImproperlyConfigured

from homelab_site import env

HttpUrl = Annotated[str, msgspec.Meta(pattern=r"^https?://[!-~]+$")]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class Introspection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an issuer says what an opaque token is worth (RFC 7662), and as whom we ask."""

    url: HttpUrl
    client_id: Name
    client_secret: Name

    def __repr__(self) -> str:
        return f"Introspection(url={self.url!r}, client_id={self.client_id!r})"


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One issuer. `issuer` and one of `audience` are what its tokens say, letter by letter.

    Without `jwks_url` the address of its keys is asked of its discovery document.
    """

    issuer: HttpUrl
    audience: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    jwks_url: HttpUrl | None = None
    introspection: Introspection | None = None

    @property
    def discovery_url(self) -> str:
        """OpenID Connect Discovery 1.0, section 4."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    @property
    def origin(self) -> str:
        return "/".join(self.issuer.split("/")[:3])


def issuers_of(variable: str) -> tuple[Issuer, ...]:
    """Read the issuers from an environment variable; raises ImproperlyConfigured, also if one is named twice."""
    issuers = env.json(variable, tuple[Issuer, ...], ())
    names = [issuer.issuer for issuer in issuers]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ImproperlyConfigured(f"{variable} names more than once: {', '.join(sorted(repeated))}")
    return issuers

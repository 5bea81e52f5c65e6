"""A site that trusts an issuer of the test's own: in this process, and as a server of its own."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client

from homelab_site.access.issuers import Issuer
from tests.homelab_site.access.issuer import HouseIssuer

PATH = "/api/v1/energy/hourly-total"


@pytest.fixture
def issuer() -> Iterator[HouseIssuer]:
    made = HouseIssuer()
    yield made
    made.stop()


class Site:
    """The site in this process, with all of its middleware."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self.client = Client()

    def trust(self, *issuers: dict[str, Any]) -> None:
        self._settings.OIDC_ISSUERS = msgspec.convert(issuers, tuple[Issuer, ...])

    def ask(self, token: str, path: str = PATH) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {token}"})

    def status(self, token: str, path: str = PATH) -> int:
        status: int = self.ask(token, path).status_code
        return status


@pytest.fixture
def site(settings: Any, issuer: HouseIssuer) -> Site:
    """A site that trusts the issuer, introspection included, and has counted no requests yet."""
    cache.clear()
    site = Site(settings)
    site.trust(issuer.setting(introspection=issuer.introspection()))
    return site

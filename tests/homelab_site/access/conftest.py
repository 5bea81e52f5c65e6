"""A site that trusts an issuer of the test's own: in this process, and as a server of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connections
from django.test import Client

from homelab_site.access.issuers import Issuer
from tests.homelab_site.access.house import House, Person, SiteServer
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


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The stack's identity provider. Whoever changes what it knows changes it back."""
    made = House(tmp_path_factory.mktemp("provider") / "identity")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def new_site(
    provider: House, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Callable[..., SiteServer]]:
    """Start web processes, with some variables of their own; what people left behind in the database is removed."""
    made: list[SiteServer] = []

    def start(**variables: str) -> SiteServer:
        made.append(SiteServer(tmp_path_factory.mktemp("site"), provider, **variables))
        made[-1].start()
        return made[-1]

    def forget() -> None:
        with django_db_blocker.unblock():
            Session.objects.all().delete()
            User.objects.filter(identity__isnull=False).delete()
            connections.close_all()

    yield start
    for site in made:
        site.stop()
    # Where a browser's driver runs, the ORM refuses this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(forget).result()


@pytest.fixture
def new_person(provider: House, login_site: SiteServer) -> Callable[[str], Person]:
    """Let somebody sit down in front of the module's site, with a browser that has been nowhere yet."""
    return lambda name: Person(provider, login_site, name)


@pytest.fixture
def viewer(new_person: Callable[[str], Person]) -> Person:
    return new_person("viewer")


@pytest.fixture
def admin(new_person: Callable[[str], Person]) -> Person:
    return new_person("admin")

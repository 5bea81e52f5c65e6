"""Asking the API about settings, as a program with a token does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.test import Client

from homelab_site.access.issuers import Issuer
from tests.heatpump.scripted import DEVICE
from tests.homelab_site.access.issuer import HouseIssuer

SETTINGS = "/api/v1/heatpump/settings"
PUMP = f"{SETTINGS}/{DEVICE}"


@dataclass(frozen=True, slots=True)
class SettingsApi:
    """A client of the settings whose token may write."""

    token: str
    client: Client

    def get(self, path: str = PUMP, **headers: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}", **headers})

    def patch(self, body: object, path: str = PUMP, headers: dict[str, str] | None = None) -> Any:
        """Send a body: text as it is, anything else as JSON."""
        sent = body if isinstance(body, str) else json.dumps(body)
        return self.client.patch(
            path,
            sent,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
        )

    def accepted(self, body: object, **headers: str) -> dict[str, Any]:
        response = self.patch(body, headers=headers)
        assert response.status_code == 202, response.content
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture(scope="module")
def issuer() -> Iterator[HouseIssuer]:
    made = HouseIssuer()
    yield made
    made.stop()


@pytest.fixture
def asking(settings: Any, issuer: HouseIssuer) -> SettingsApi:
    cache.clear()
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    settings.OIDC_ISSUERS = msgspec.convert([issuer.setting()], tuple[Issuer, ...])
    token = issuer.token(scope="read:settings write:settings", preferred_username="alice")
    return SettingsApi(token, Client())

"""Asking the API as a program does: over its paths, with a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from telemetry.schema.runner import Connection

TOKEN = "a-token-that-only-tests-have"


@dataclass(frozen=True, slots=True)
class Api:
    """A client of the paths under `/api/v1`."""

    client: Client

    def get(self, path: str, query: Mapping[str, object] | None = None, **headers: str) -> Any:
        """Ask for a path, such as `energy/latest`, and return the response."""
        texts = {name: text(value) for name, value in (query or {}).items()}
        return self.client.get(f"/api/v1/{path}", texts, headers={"Authorization": f"Bearer {TOKEN}", **headers})

    def answer(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """Return the body of an answer that is good."""
        response = self.get(path, query)
        assert response.status_code == 200, response.content
        return response.json()

    def refusal(self, path: str, query: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the body of an answer to a bad request."""
        response = self.get(path, query)
        assert response.status_code == 400, response.content
        body: dict[str, Any] = response.json()
        return body


def text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@pytest.fixture
def readings(telemetry: Connection) -> Connection:
    """An owner's connection to the telemetry database, in which nothing is stored, and nothing added up."""
    execute(
        telemetry,
        "TRUNCATE rollup_marks, counter_quarters, counter_days, power_quarters, heatpump_hours, temperature_hours,"
        " temperature_places",
    )
    return telemetry


@pytest.fixture
def api(settings: Any, readings: Connection) -> Api:
    """A client of the API over empty tables, whose requests have not been counted yet."""
    settings.API_DEVELOPMENT_TOKEN = TOKEN
    cache.clear()
    return Api(Client())


def execute(connection: Connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchall() if cursor.description else []

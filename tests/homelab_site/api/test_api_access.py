"""Who may ask: closed by default, and each path says which scope it needs."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from homelab_site.stack.child import free_port
from tests.api_fixture import TOKEN, Api

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

SCOPES = {
    "energy": "read:energy",
    "heatpump": "read:heatpump",
    "heatpump/settings": "read:settings",
    "temperature": "read:temperature",
}


def api_paths(patterns: Sequence[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, Any]]:
    """Yield the path and the view of everything under `/api`."""
    for pattern in patterns:
        path = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from api_paths(pattern.url_patterns, path)
        elif path.startswith("/api"):
            yield path, pattern.callback


PATHS = dict(api_paths(get_resolver().url_patterns))
"""Every path of the API, with what stands for its parameters."""


def address(path: str) -> str:
    """Return a path with something in the place of its parameters."""
    return re.sub(r"<\w+:\w+>", "1", path)


def test_the_paths_are_found() -> None:
    assert {"/api/schema", "/api/docs", "/api/v1/energy/latest", "/api/v1/temperature/history"} <= PATHS.keys()


@pytest.mark.parametrize("path", PATHS)
def test_every_path_names_its_scope(path: str) -> None:
    area = re.match(r"/api/v1/(heatpump/settings|\w+(?=/))", path)
    # What is about no measurement needs any valid token.
    assert PATHS[path].view_class.required_scope == (SCOPES.get(area[1]) if area else None)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_nobody_is_asked_for_a_token(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(address(path))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    if method != "head":
        assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN} x", f"Basic {TOKEN}", TOKEN, "Bearer é"],
)
def test_a_wrong_token_is_refused(api: Api, authorization: str) -> None:
    assert api.client.get("/api/v1/energy/hourly-total", headers={"Authorization": authorization}).status_code == 401


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer wrong"])
def test_no_token_is_right_where_none_is_set(client: Client, settings: Any, authorization: str) -> None:
    settings.API_DEVELOPMENT_TOKEN = ""
    assert client.get("/api/v1/energy/hourly-total", headers={"Authorization": authorization}).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_development_token_is_a_way_in(api: Api, scheme: str) -> None:
    response = api.client.get("/api/v1/energy/hourly-total", headers={"Authorization": f"{scheme} {TOKEN}"})
    assert response.status_code == 200


def test_a_session_is_a_way_in(admin_client: Client) -> None:
    assert admin_client.get("/api/v1/energy/hourly-total").status_code == 200
    User.objects.update(is_active=False)
    assert admin_client.get("/api/v1/energy/hourly-total").status_code == 401


def test_the_development_token_opens_no_page(api: Api) -> None:
    for page in ("/status/", "/admin/"):
        assert api.client.get(page, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 302


def test_a_user_who_asks_too_often_has_to_wait(api: Api, settings: Any, admin_client: Client) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    statuses = [api.get("energy/hourly-total").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    response = api.get("energy/hourly-total")
    assert response.json()["code"] == "throttled"
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert admin_client.get("/api/v1/energy/hourly-total").status_code == 200


def test_nobody_has_to_wait_while_valkey_is_away(api: Api, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": away()}}
    assert [api.get("energy/hourly-total").status_code for _ in range(3)] == [200, 200, 200]


def away() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"

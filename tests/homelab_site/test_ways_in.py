"""Every path of the site, and who may come in by it: whoever adds one without saying so finds out here."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import SAFE_METHODS

from homelab_site.access.permissions import HasScope
from homelab_site.access.scopes import ALL_SCOPES

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

PROBES = {"/health", "/health/live", "/health/ready", "/metrics"}
LOGIN = {"/login/", "/login/oidc/", "/login/oidc/callback/", "/logout/", "/admin/login/", "/admin/logout/"}
# They set a cookie that holds a choice of how pages look.
CHOICES = {"/language/", "/theme/"}
PUBLIC = PROBES | LOGIN | CHOICES | {"/favicon.ico"}


def all_paths(patterns: Sequence[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, Any]]:
    """Yield every path, with something in the place of its parameters, and its view."""
    for pattern in patterns:
        path = before + filled(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from all_paths(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


def filled(route: str) -> str:
    # Of a regular expression the first alternative, if it has any.
    route = re.sub(r"\(\?P<\w+>(\w*)[^)]*\)", lambda found: found[1] or "x", route)
    return re.sub(r"<[^>]+>", "1", route).strip("^$")


PATHS = dict(all_paths(get_resolver().url_patterns))
API = [path for path in PATHS if path.startswith("/api/")]
PAGES = [path for path in PATHS if path not in PUBLIC and path not in API]
ADMIN = [path for path in PAGES if path.startswith("/admin/")]


def test_every_kind_of_path_is_found() -> None:
    assert PATHS.keys() >= PUBLIC
    assert {"/", "/status/", "/admin/", "/admin/auth/user/1/change/", "/admin/auth/", "/admin/x"} <= set(PAGES)
    assert len(API) > 10


@pytest.mark.parametrize("path", API)
def test_a_view_of_the_api_names_its_scopes(path: str) -> None:
    view = PATHS[path].view_class
    assert view.permission_classes == [HasScope]
    assert view.required_scope is None or view.required_scope in ALL_SCOPES
    methods = {method.upper() for method in view.http_method_names if hasattr(view, method)}
    if methods - set(SAFE_METHODS):
        assert view.write_scope in ALL_SCOPES


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_to_a_page_without_a_login(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(path)
    assert_closed(response)
    if response.status_code == 302:
        assert re.match(r"/(admin/)?login/\?next=", response.headers["Location"])


@pytest.mark.parametrize("path", ADMIN)
def test_the_admin_is_for_staff_only(client: Client, path: str) -> None:
    client.force_login(User.objects.create_user("anna"))
    assert_closed(client.get(path))


def assert_closed(response: Any) -> None:
    # Where the admin has no page, there is nothing to see.
    assert response.status_code in {302, 403, 404, 405}

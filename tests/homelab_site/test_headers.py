"""What every answer tells the browser not to do, and that the pages can do without it."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from homelab_site.access.issuers import Issuer
from tests.homelab_site.test_ways_in import API, PAGES, PUBLIC

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOKED_AT = sorted({*PAGES, *API, "/login/"})


class InlineFinder(HTMLParser):
    """Notes what a policy without 'unsafe-inline' forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # A block of data is no script.
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.found.append(f"<{tag}>")
        self.found += [f"{name}= of <{tag}>" for name in given if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", [*sorted(PUBLIC), "/", "/nothing", "/api/nothing", "/api/v1/energy/latest"])
def test_every_answer_has_the_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in headers["Permissions-Policy"]
    policy = directives(headers["Content-Security-Policy"])
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]


def test_static_files_have_them_too(client: Client) -> None:
    response = client.get("/static/homelab/icon.svg")
    response.close()
    headers = response.headers
    assert {name: headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert "Content-Security-Policy" in headers


def directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";")]
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize("path", LOOKED_AT)
def test_no_page_has_a_script_or_a_style_inline(admin_client: Client, path: str) -> None:
    response = admin_client.get(path, headers={"Accept": "text/html"})
    finder = InlineFinder()
    finder.feed(response.content.decode() if "html" in response.headers.get("Content-Type", "") else "")
    assert finder.found == []


def test_the_pages_that_libraries_make_are_among_them(admin_client: Client) -> None:
    for path in ("/admin/", "/api/docs", "/api/v1/user/info", reverse("admin:auth_user_add")):
        answer: Any = admin_client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    answer = admin_client.get(reverse("admin:django_celery_beat_periodictask_add"))
    assert answer.status_code == 200


def test_the_page_about_the_api_gets_its_script_apart(admin_client: Client) -> None:
    page = admin_client.get("/api/docs", headers={"Accept": "text/html"}).content.decode()
    assert 'src="/api/docs?script="' in page
    script = admin_client.get("/api/docs?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle(" in script.content


def test_a_form_may_lead_to_the_identity_provider() -> None:
    issuer = Issuer("https://auth.example.com:8443/application/o/homelab/", ("homelab",))
    assert issuer.origin == "https://auth.example.com:8443"

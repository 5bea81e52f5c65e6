"""The switches at the foot of every page, and the page for a database that is away."""

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from homelab_site.stack.child import free_port
from telemetry.router import ALIAS
from tests.away import databases_at

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


def test_a_theme_is_remembered_and_leads_back(client: Client) -> None:
    answer = client.post("/theme/", {"theme": "dark", "next": "/login/?next=/"})
    assert answer.headers["Location"] == "/login/?next=/"
    assert answer.cookies["theme"]["httponly"]
    assert 'data-theme="dark"' in client.get("/login/").content.decode()


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_a_switch_never_leads_to_another_site(client: Client, page: str) -> None:
    assert client.post("/theme/", {"theme": "light", "next": page}).headers["Location"] == "/"


def test_only_themes_that_exist_are_taken(client: Client) -> None:
    assert client.post("/theme/", {"theme": "pink"}).status_code == 400
    client.cookies["theme"] = "pink"
    assert "data-theme" not in client.get("/login/").content.decode()


def test_a_language_is_remembered(client: Client) -> None:
    client.post("/language/", {"language": "sv", "next": "/login/"})
    assert '<html lang="sv"' in client.get("/login/").content.decode()


PAGES = ["/", "/energy/", "/heatpump/", "/rooms/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_database_that_is_away_has_a_page_of_its_own(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client.force_login(User.objects.create_user("alice", password="alice-s-secret"))
    connection = connections[ALIAS]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    answer = client.get(path)
    assert answer.status_code == 503
    assert "This page tries again every ten seconds." in answer.content.decode()


@pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
def test_where_nobody_can_say_who_asks_the_page_says_that_a_database_is_away(client: Client) -> None:
    client.force_login(User.objects.create_user("alice"))
    connections["default"].close()
    with databases_at(f"postgresql://house@127.0.0.1:{free_port()}/homelab", "default"):
        answers = [client.get(path) for path in (*PAGES, "/status/")]
    assert {answer.status_code for answer in answers} == {503}


@pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
def test_a_path_without_a_page_is_not_found_though_nobody_can_say_who_asks(client: Client) -> None:
    client.force_login(User.objects.create_user("alice"))
    connections["default"].close()
    with databases_at(f"postgresql://house@127.0.0.1:{free_port()}/homelab", "default"):
        answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.content.decode()

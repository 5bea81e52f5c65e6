"""What whoever changes something sees while the database of people is away, or says nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from homelab_site.stack.child import free_port
from tests.away import databases_at, silent_port

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

SETTINGS = "/api/v1/heatpump/settings/pump"
LONGEST_SECONDS = 20


@pytest.fixture
def staff() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("alice", password="alice-s-secret"))
    return client


@contextmanager
def away(port: int) -> Iterator[None]:
    connections["default"].close()
    with databases_at(f"postgresql://house@127.0.0.1:{port}/homelab", "default"):
        yield


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/heatpump/", {"indoor_target_temp": "20"}, 503),
        ("/login/", {"username": "alice", "password": "alice-s-secret"}, 503),
        ("/logout/", {}, 503),
        ("/admin/telemetry/deadletter/", {"action": "send_again"}, 503),
        # Nothing has to be asked for these.
        ("/theme/", {"theme": "dark"}, 302),
        ("/language/", {"language": "sv"}, 302),
        ("/no/such/page/", {}, 404),
    ],
)
def test_a_form_is_answered_by_a_page(staff: Client, path: str, form: dict[str, str], status: int) -> None:
    with away(free_port()):
        answer = staff.post(path, form)
    assert answer.status_code == status


@pytest.mark.parametrize("csrf", [True, False])
def test_a_change_by_the_api_is_answered_by_its_problem(staff: Client, csrf: bool) -> None:
    strict = Client(enforce_csrf_checks=csrf, raise_request_exception=False)
    strict.cookies = staff.cookies
    with away(free_port()):
        answer = strict.patch(SETTINGS, {"indoor_target_temp": 20}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")


def test_a_form_without_its_token_is_answered_by_a_page(staff: Client) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.cookies = staff.cookies
    with away(free_port()):
        # The page that says so shows who is logged in, and nobody can say that now.
        assert strict.post("/logout/").status_code == 503


def test_a_database_that_says_nothing_holds_nobody_up_for_long(staff: Client) -> None:
    began = time.monotonic()
    with silent_port() as port, away(port):
        answer = staff.post("/logout/")
    assert answer.status_code == 503
    assert time.monotonic() - began < LONGEST_SECONDS

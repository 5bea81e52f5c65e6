"""What the backend of the identity provider's people lets in, and which sessions are believed."""

import time
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from homelab_site.access.oidc import OidcBackend
from homelab_site.access.people import new_person
from homelab_site.access.sessions import BACKEND

pytestmark = pytest.mark.django_db

INFO = "/api/v1/user/info"


@pytest.fixture
def anna(settings: Any) -> User:
    """Somebody whom the provider knows, on a site where nobody else can log in."""
    settings.OIDC_LOGIN, settings.OIDC_SESSION_SECONDS = True, 3600
    settings.AUTHENTICATION_BACKENDS = [BACKEND]
    return new_person("https://auth.example", {"sub": "s1", "preferred_username": "anna"})


def logged_in(user: User, **held: Any) -> Client:
    """Return a client with a session as a login leaves it; what it holds can differ."""
    client = Client()
    client.force_login(user, BACKEND)
    session = client.session
    now = time.time()
    usual = {"access_token": "an access token", "expires_at": now + 600, "refresh_token": None, "id_token": None}
    session["oidc_held"] = {**usual, "confirmed_at": now, "ask_at": now + 450, **held}
    session.save()
    return client


def test_no_password_logs_in_as_somebody_of_the_provider(anna: User) -> None:
    anna.set_password("a password all the same")
    anna.save()
    request = RequestFactory().post("/login/?code=x&state=y")
    assert authenticate(request, username="anna", password="a password all the same") is None


def test_a_user_who_is_deactivated_here_is_nobody_here(anna: User) -> None:
    client = logged_in(anna)
    assert client.get(INFO).status_code == 200
    anna.is_active = False
    anna.save()
    assert OidcBackend().get_user(anna.pk) is None
    assert client.get(INFO).status_code == 401


def test_a_session_gives_out_the_token_that_it_holds(anna: User) -> None:
    info = logged_in(anna).get(INFO).json()
    assert info["token"] == "an access token"
    assert 590 < info["expires_in"] <= 600


def test_a_session_gives_out_no_token_that_has_expired(anna: User) -> None:
    info = logged_in(anna, expires_at=time.time() - 1).get(INFO).json()
    assert (info["token"], info["expires_in"], info["username"]) == (None, None, "anna")


def test_a_session_that_holds_nothing_is_not_believed(anna: User) -> None:
    client = logged_in(anna)
    session = client.session
    del session["oidc_held"]
    session.save()
    assert client.get(INFO).status_code == 401


def test_a_session_without_a_refresh_token_ends_when_it_is_to_be_checked(anna: User) -> None:
    client = logged_in(anna, ask_at=time.time() - 1)
    assert client.get("/status/").headers["Location"] == "/login/?next=/status/"
    assert client.session.is_empty()


def test_a_session_ends_with_the_login_through_the_provider(anna: User, settings: Any) -> None:
    client = logged_in(anna)
    settings.OIDC_LOGIN = False
    assert client.get(INFO).status_code == 401

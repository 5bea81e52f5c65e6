"""Wrong passwords, in this process. What an address is worth is tried against the server (`test_edges`)."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as site_settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from homelab_site.stack.child import free_port

pytestmark = pytest.mark.django_db

PASSWORD = "a-password-of-the-tests"
LIMIT: int = site_settings.AXES_FAILURE_LIMIT


@pytest.fixture(autouse=True)
def _people(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for name in ("anna", "bo"):
        User.objects.create_user(name, password=PASSWORD)


def log_in(name: str, password: str) -> Any:
    return Client().post("/login/", {"username": name, "password": password})


def test_whoever_is_locked_out_learns_for_how_long() -> None:
    for _ in range(LIMIT):
        page = log_in("anna", "wrong")
    assert (page.status_code, page.headers["Retry-After"]) == (429, "600")
    assert "10 minutes" in page.content.decode()
    assert log_in("anna", PASSWORD).status_code == 429
    assert log_in("bo", PASSWORD).status_code == 302


def test_a_further_try_does_not_prolong_it() -> None:
    for _ in range(LIMIT + 5):
        log_in("anna", "wrong")
    attempt = AccessAttempt.objects.get()
    assert attempt.failures_since_start == LIMIT
    attempt.attempt_time -= site_settings.AXES_COOLOFF_TIME
    attempt.save()
    assert log_in("anna", PASSWORD).status_code == 302


def test_the_right_password_begins_the_count_anew() -> None:
    for password in (*["wrong"] * (LIMIT - 1), PASSWORD, *["wrong"] * (LIMIT - 1)):
        assert log_in("anna", password).status_code in {200, 302}
    assert log_in("anna", PASSWORD).status_code == 302


def test_it_counts_while_valkey_is_away(settings: Any) -> None:
    away = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    assert [log_in("anna", "wrong").status_code for _ in range(LIMIT)][-1] == 429


def test_no_password_is_kept() -> None:
    log_in("anna", "nearly-the-password")
    assert "nearly-the-password" not in str(AccessAttempt.objects.values())


def test_a_login_of_the_identity_provider_is_not_counted() -> None:
    for _ in range(LIMIT + 1):
        assert authenticate(RequestFactory().get("/login/oidc/callback/"), nonce="x", code_verifier="x") is None
    assert not AccessAttempt.objects.exists()
    assert log_in("anna", PASSWORD).status_code == 302

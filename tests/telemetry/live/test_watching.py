"""Whether somebody may stay is asked again and again, and whoever cannot be asked about does not."""

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from homelab_site.access.sessions import BACKEND, HELD
from tests.telemetry.live.client import connected
from tests.telemetry.live.house import House


def test_a_caller_who_cannot_be_checked_any_more_is_cut_off(house: House, cookie: str) -> None:
    port = house.web()
    with connected(port, None, f"http://127.0.0.1:{port}", Cookie=cookie) as client:
        client.subscribe("heatpump")
        session = SessionStore(Session.objects.get().session_key)
        session.update({BACKEND_SESSION_KEY: BACKEND, HELD: {"of": "another version of this site"}})
        session.save()
        assert client.hear()["code"] == "internal_error"
        assert client.end() == 4500

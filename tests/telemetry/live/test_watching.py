"""Whether somebody may stay is asked again and again, and whoever cannot be asked about does not."""

import asyncio
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from homelab_site.access.sessions import BACKEND, HELD
from telemetry.live import consumer
from telemetry.live.admission import Caller
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


def test_a_token_that_expires_while_its_caller_is_asked_about_has_no_minute_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = Caller("somebody", frozenset({"read:energy"}), ends_at=time.time() + 3)
    asked: list[Mapping[str, Any]] = []

    def admit(scope: Mapping[str, Any]) -> Caller:
        if asked:
            time.sleep(max(0.0, caller.ends_at - time.time()) + 0.1)
        asked.append(scope)
        return caller

    monkeypatch.setattr(consumer, "admit", admit)
    monkeypatch.setattr(consumer, "ADMIT_AGAIN_SECONDS", 0.3)
    monkeypatch.setattr(consumer, "feed", SimpleNamespace(ready=lambda: asyncio.sleep(0)))  # no reading is of interest
    said = asyncio.run(said_until_closed())
    assert len(asked) == 2
    assert "The token has expired." in said[-2]["text"]
    assert said[-1] == {"type": "websocket.close", "code": 4401}


async def said_until_closed() -> list[Mapping[str, Any]]:
    """Connect as a server does, and return all that the site says until it ends the connection."""
    said: list[Mapping[str, Any]] = []
    events = asyncio.Queue[Mapping[str, Any]]()
    events.put_nowait({"type": "websocket.connect"})

    async def send(message: Mapping[str, Any]) -> None:
        said.append(message)
        if message["type"] == "websocket.close":
            events.put_nowait({"type": "websocket.disconnect", "code": message["code"]})

    async with asyncio.timeout(30):
        await consumer.LiveConsumer.as_asgi()({"type": "websocket"}, events.get, send)
    return said

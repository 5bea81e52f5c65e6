"""Connections to the real Valkey."""

from contextvars import Context
from urllib.parse import urlsplit

import psutil
from django.conf import settings
from django.core.cache import BaseCache, caches

REQUESTS = 20


def connections() -> int:
    """Return how many connections this process has to Valkey."""
    port = urlsplit(settings.REDIS_URL).port
    return sum(bool(one.raddr) and one.raddr.port == port for one in psutil.Process().net_connections("tcp"))


def ask() -> BaseCache:
    """Use the cache as a request does, and return it, so that it lives as long as the test."""
    caches["default"].get("nobody")
    return caches["default"]


def test_requests_one_after_another_share_a_connection() -> None:
    ask()
    before = connections()
    # A request under ASGI has a context of its own.
    used = [Context().run(ask) for _ in range(REQUESTS)]
    assert len(set(map(id, used))) == REQUESTS
    assert connections() == before

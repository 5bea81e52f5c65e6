"""Connections to Valkey that all requests of a process share.

Under ASGI, Django gives each request a cache of its own, and a cache makes a pool of its own, whose connection stays
open until Python collects its garbage (`django.utils.connection.BaseConnectionHandler`, Django 5.2).
"""

from functools import cache
from typing import Any, Self

from redis import ConnectionPool


class SharedPool(ConnectionPool):
    """A pool of which there is one for an address and its options."""

    @classmethod
    @cache
    def from_url(cls, url: str, **options: Any) -> Self:
        return super().from_url(url, **options)

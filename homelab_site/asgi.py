"""The web process: `daphne homelab_site.asgi:application`."""

import os
from collections.abc import Mapping
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homelab_site.settings")
http = get_asgi_application()

from homelab_site.pooled_postgres.pool import POOL  # noqa: E402 - needs the settings
from telemetry.live.consumer import LiveConsumer, NotFoundConsumer  # noqa: E402 - needs the settings

POOL.open()

websockets = URLRouter([path("ws/energy", LiveConsumer.as_asgi()), re_path("", NotFoundConsumer.as_asgi())])
router = ProtocolTypeRouter({"http": http, "websocket": websockets})


async def application(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Serve a request or a connection. Daphne takes a root path from whoever sends the header Daphne-Root-Path."""
    await router({**scope, "root_path": ""}, receive, send)

"""The web process: `daphne homelab_site.asgi:application`."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homelab_site.settings")
http = get_asgi_application()

from telemetry.live.consumer import LiveConsumer, NotFoundConsumer  # noqa: E402 - needs the settings

websockets = URLRouter([path("ws/energy", LiveConsumer.as_asgi()), re_path("", NotFoundConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": websockets})

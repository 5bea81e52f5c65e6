"""The site as it is, but for who stays connected: that is asked several times a second instead of once a minute."""

from homelab_site.asgi import application
from telemetry.live import consumer, feed

__all__ = ["application"]

consumer.ADMIT_AGAIN_SECONDS = 0.3
feed.LOOK_SECONDS = 0.3

"""Prometheus metrics of the WebSockets of a web process."""

from prometheus_client import Counter, Gauge

CLIENTS = Gauge("homelab_live_clients", "WebSocket connections that are open")
FRAMES = Counter("homelab_live_frames", "Readings handed to WebSocket clients", ["stream"])
DROPPED = Counter("homelab_live_dropped_frames", "Frames that clients lost because they were too slow")
REFUSED = Counter("homelab_live_refused", "WebSocket connections that were ended", ["code"])
REPEATED = Counter("homelab_live_repeated", "Readings from the stream worker that had been handed on before")
CAUGHT_UP = Counter("homelab_live_caught_up", "Newest readings that Valkey knew and the channel layer had not brought")

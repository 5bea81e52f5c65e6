"""The workers by name. Each is imported only where it runs, so that the bridge needs no database driver."""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from homelab_site.workers.worker import Worker

WORKERS = {
    "bridge": "bridge.worker",
    "sink": "telemetry.sink.worker",
    "settings": "heatpump.settings.worker",
    "outbox": "heatpump.outbox.worker",
    "stream": "telemetry.live.worker",
}
"""Worker name to the module whose `make_worker()` builds it."""


def factory(name: str) -> Callable[[], Worker]:
    """Return the function that builds a worker; raises KeyError for a name that is not known."""
    module = WORKERS[name]
    return lambda: cast(Worker, import_module(module).make_worker())

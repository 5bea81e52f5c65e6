"""How large the databases are, as a Prometheus gauge that is asked for at each scrape.

A database that cannot be asked has no sample, which `homelab_pipeline_source_up` tells.
"""

import time
from collections.abc import Iterable
from functools import partial

from django.db import connections
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from homelab_site.health.asking import Asked, shared
from homelab_site.health.checks import ask

ANSWER_SECONDS = 4.0
DATABASES = {"homelab": ("homelab_database", "default"), "telemetry": ("telemetry_database", "telemetry")}
"""The dependency and the alias of each database."""


class SizesCollector(Collector):
    """A gauge whose values are asked for while it is collected."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily("homelab_database_size_bytes", "Bytes of a database on disk", labels=["database"])
        for name, size in _sizes().items():
            if size is not None:
                family.add_metric([name], size)
        return [family]


@shared
def _sizes() -> dict[str, int | None]:
    deadline = time.monotonic() + ANSWER_SECONDS
    asked = {
        name: Asked(partial(ask, dependency, partial(_size, alias))) for name, (dependency, alias) in DATABASES.items()
    }
    return {name: one.answer(deadline).value for name, one in asked.items()}


def _size(alias: str) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    return int(size)


SIZES = CollectorRegistry()
"""Apart from the default registry, which workers give out too."""
SIZES.register(SizesCollector())

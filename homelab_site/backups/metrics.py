"""Backups and restore drills as Prometheus gauges, asked for at each scrape.

They have no sample while the site's database is away, which `homelab_pipeline_source_up` tells.
"""

from collections.abc import Iterable

from django.db import DatabaseError
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from homelab_site.backups.models import Kind
from homelab_site.backups.reports import newest_backups, newest_runs

LABELS = ["database"]


class BackupsCollector(Collector):
    """Gauges whose values are asked for while they are collected."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            return [_newest_backups(), *_drills()]
        except DatabaseError:
            return []


def _newest_backups() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "homelab_backup_taken_timestamp_seconds", "Time of the newest whole backup", labels=LABELS
    )
    for database, taken_at in newest_backups().items():
        family.add_metric([database], taken_at.timestamp())
    return family


def _drills() -> list[GaugeMetricFamily]:
    success = GaugeMetricFamily("homelab_restore_drill_success", "Whether the newest drill restored", labels=LABELS)
    ended = GaugeMetricFamily("homelab_restore_drill_timestamp_seconds", "Time of the newest drill", labels=LABELS)
    age = GaugeMetricFamily(
        "homelab_restore_drill_backup_age_seconds", "Age of the backup that the newest drill restored", labels=LABELS
    )
    rows = GaugeMetricFamily("homelab_restore_drill_rows", "Rows that the newest drill restored", labels=LABELS)
    for run in newest_runs(Kind.DRILL):
        success.add_metric([run.database], float(not run.error))
        ended.add_metric([run.database], run.ended_at.timestamp())
        if run.taken_at and run.rows is not None:
            age.add_metric([run.database], (run.ended_at - run.taken_at).total_seconds())
            rows.add_metric([run.database], run.rows)
    return [success, ended, age, rows]


BACKUPS = CollectorRegistry()
"""Apart from the default registry, which workers give out too."""
BACKUPS.register(BackupsCollector())

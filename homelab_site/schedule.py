"""When scheduled work is done in a new house. People see and change it in the admin, where it counts from then on."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "expire-dead-letters": {"task": "telemetry.tasks.expire_dead_letters", "schedule": 3600.0},
    "apply-retention": {"task": "telemetry.tasks.apply_retention", "schedule": 3600.0},
    "refresh-rollups": {"task": "telemetry.tasks.refresh_rollups", "schedule": 60.0},
    "retry-commands": {
        "task": "heatpump.tasks.retry_commands",
        "schedule": 10.0,
        "options": {"expire_seconds": 10},  # a worker that comes back need not catch up
    },
    "summarise-yesterday": {"task": "telemetry.tasks.summarise_yesterday", "schedule": crontab(hour=0, minute=30)},
    "clear-sessions": {"task": "homelab_site.tasks.clear_sessions", "schedule": crontab(hour=3, minute=30)},
    "expire-operations": {"task": "k8s.tasks.expire_operations", "schedule": crontab(hour=3, minute=40)},
}

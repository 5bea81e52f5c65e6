"""The Celery app. `celery --app homelab_site` finds it; its settings are Django's that begin with `CELERY_`."""

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging
from django.conf import settings

from homelab_site.schedule import SCHEDULE
from homelab_site.workers.liveness import LivenessFile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homelab_site.settings")

app = Celery("homelab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(loglevel: int, **kwargs: Any) -> None:
    """Leave logging to Django, whose formatter hides secrets: Celery sets up none where somebody hears this signal."""
    logging.getLogger().setLevel(loglevel)


@heartbeat_sent.connect
def touch_liveness_file(**kwargs: Any) -> None:
    """Show that the worker's own loop goes round: Celery calls this every two seconds."""
    LivenessFile(settings.WORKER_RUN_DIR, "celery").touch()

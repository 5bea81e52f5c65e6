"""The Celery app. `celery --app homelab_site` finds it; its settings are Django's that begin with `CELERY_`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homelab_site.settings")

app = Celery("homelab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

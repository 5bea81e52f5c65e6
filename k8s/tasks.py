"""Scheduled work of the operations tool."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from k8s.models import Operation

KEPT = timedelta(days=365)

log = logging.getLogger(__name__)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def expire_operations() -> None:
    """Delete the rows of operations that are older than a year. The audit log still has its lines."""
    deleted, _ = Operation.objects.filter(time__lt=timezone.now() - KEPT).delete()
    if deleted:
        log.info("operations: %d rows were older than %d days", deleted, KEPT.days)

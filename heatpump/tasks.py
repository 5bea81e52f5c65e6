"""Scheduled work of the heat pumps."""

import logging

import django.db
from celery import shared_task
from django.utils import timezone

from heatpump.outbox.services import retry_or_fail_overdue

log = logging.getLogger(__name__)


@shared_task(autoretry_for=(django.db.OperationalError,), retry_backoff=True, max_retries=3)
def retry_commands() -> None:
    """Publish again what no reading has confirmed in time, or fail it: the clock of commands without an echo."""
    overdue = retry_or_fail_overdue(timezone.now())
    if overdue:
        log.info("heat pump commands: %d writes had no echo in time", overdue)

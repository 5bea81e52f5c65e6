"""Scheduled work that belongs to no app of its own."""

from celery import shared_task
from django.core.management import call_command
from django.db import OperationalError


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def clear_sessions() -> None:
    """Delete the sessions that have run out."""
    call_command("clearsessions")

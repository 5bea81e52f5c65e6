"""Scheduled work of the telemetry: storing rollups, letting old data go, and summing up a day."""

import logging
from contextlib import closing
from datetime import timedelta

import django.db
import psycopg2
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from telemetry.days.services import summarise
from telemetry.deadletters import services as deadletters

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5
LONGEST_PAUSE_SECONDS = 600
MAX_RETRIES = 5


@shared_task(
    autoretry_for=(django.db.OperationalError,),
    retry_backoff=True,
    retry_backoff_max=LONGEST_PAUSE_SECONDS,
    max_retries=MAX_RETRIES,
)
def expire_dead_letters() -> None:
    """Delete the dead letters that have been kept long enough."""
    log.info("dead letters: %d were kept long enough", deadletters.expire())


@shared_task(
    autoretry_for=(psycopg2.OperationalError,),
    retry_backoff=True,
    retry_backoff_max=LONGEST_PAUSE_SECONDS,
    max_retries=MAX_RETRIES,
)
def refresh_rollups() -> None:
    """Store the quarters, hours and days that new readings change, so that reading them stays quick."""
    _call("SELECT refresh_rollups()")


@shared_task(
    autoretry_for=(psycopg2.OperationalError,),
    retry_backoff=True,
    retry_backoff_max=LONGEST_PAUSE_SECONDS,
    max_retries=MAX_RETRIES,
)
def apply_retention() -> None:
    """Delete the raw readings that have been kept long enough, after what they say has been stored."""
    _call("SELECT refresh_rollups()", "SELECT apply_retention()")


@shared_task(
    autoretry_for=(django.db.OperationalError,),
    retry_backoff=True,
    retry_backoff_max=LONGEST_PAUSE_SECONDS,
    max_retries=MAX_RETRIES,
)
def summarise_yesterday() -> None:
    """Store how yesterday went, for the admin, and say it in the log."""
    day = summarise(timezone.localdate() - timedelta(days=1))
    log.info(
        "%s: %s kWh; %d readings of meters, %d of heat pumps, %d of rooms; %d dead letters; "
        "%d commands confirmed, %d failed",
        day.day, "no" if day.energy_kwh is None else f"{day.energy_kwh:.3f}",
        day.energy_readings, day.heatpump_readings, day.temperature_readings,
        day.dead_letters, day.commands_confirmed, day.commands_failed,
    )  # fmt: skip


def _call(*statements: str) -> None:
    """Run statements with the sink's login, each in a transaction of its own."""
    with closing(psycopg2.connect(settings.TELEMETRY_SINK_URL, connect_timeout=CONNECT_SECONDS)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

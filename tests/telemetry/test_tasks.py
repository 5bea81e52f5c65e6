from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from celery.signals import task_retry
from django.utils import timezone

from homelab_site.stack.child import free_port
from telemetry.deadletters.models import DeadLetter
from telemetry.tasks import apply_retention, expire_dead_letters
from tests.telemetry.deadletters.letters import FROM_KAFKA, FROM_MQTT, kept


@pytest.fixture
def retries() -> Iterator[list[object]]:
    """The reasons of retries, as they happen."""
    seen: list[object] = []

    def note(reason: object, **kwargs: Any) -> None:
        seen.append(reason)

    task_retry.connect(note)
    yield seen
    task_retry.disconnect(note)


@pytest.mark.django_db
def test_old_dead_letters_expire() -> None:
    old, young = kept(FROM_KAFKA), kept(FROM_MQTT)
    DeadLetter.objects.filter(pk=old.pk).update(recorded_at=timezone.now() - timedelta(days=31))
    assert expire_dead_letters.apply().successful()
    assert DeadLetter.objects.get() == young


def test_old_readings_are_removed_and_younger_ones_stay(telemetry: psycopg2.extensions.connection) -> None:
    with telemetry.cursor() as cursor:
        cursor.execute(
            "INSERT INTO temperature_sensors (time, device_id) "
            "VALUES (now() - interval '91 days', 'old'), (now() - interval '89 days', 'young')"
        )
        assert apply_retention.apply().successful()
        cursor.execute("SELECT device_id FROM temperature_sensors")
        assert cursor.fetchall() == [("young",)]


def test_a_database_that_is_away_is_tried_again_a_few_times(settings: Any, retries: list[object]) -> None:
    settings.TELEMETRY_SINK_URL = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    result = apply_retention.apply()
    assert isinstance(result.result, psycopg2.OperationalError)
    assert len(retries) == 5

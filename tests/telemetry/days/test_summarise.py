from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from heatpump.outbox.models import Command, Reason, Status
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.services import change_settings
from telemetry.days.models import DaySummary
from telemetry.days.services import summarise
from telemetry.schema.runner import Connection
from telemetry.tasks import summarise_yesterday
from tests.telemetry.deadletters.letters import FROM_KAFKA, kept

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

AUTUMN = date(2026, 10, 25)
"""A day of 25 hours in the house's time zone."""
STARTS, ENDS = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def store_counter(telemetry: Connection, at: datetime, counter: int) -> None:
    with telemetry.cursor() as cursor:
        cursor.execute(
            "INSERT INTO energy_consumption (time, device_serial, active_energy_total) VALUES (%s, 'one', %s)",
            [at, counter],
        )


def test_a_day_is_one_of_the_house_and_has_what_was_read_and_used(telemetry: Connection) -> None:
    for at, counter in ((STARTS - SECOND, 1000), (STARTS, 1000), (ENDS - SECOND, 26_000), (ENDS, 26_000)):
        store_counter(telemetry, at, counter)
    summary = summarise(AUTUMN)
    assert (summary.energy_readings, summary.heatpump_readings, summary.temperature_readings) == (2, 0, 0)
    assert summary.energy_kwh == pytest.approx(25.0)


def test_a_day_without_a_meter_has_no_energy(telemetry: Connection) -> None:
    assert summarise(AUTUMN).energy_kwh is None


def test_a_day_counts_dead_letters_and_what_became_of_commands(telemetry: Connection) -> None:
    kept(FROM_KAFKA)
    now = timezone.now()
    values = {"heatstop": 17, "curve": 40, "mode": 1}
    confirm_from_reading(Echo(device_id="cellar", ts=now, received_at=now, values=values), now)
    done, failed, cancelled = (
        change_settings("cellar", {name: 2}, requested_by="alice").pk for name in ("heatstop", "curve", "mode")
    )
    Command.objects.filter(pk=done).update(status=Status.CONFIRMED, confirmed_at=now)
    Command.objects.filter(pk=failed).update(status=Status.FAILED, reason=Reason.NO_ECHO, failed_at=now)
    Command.objects.filter(pk=cancelled).update(status=Status.FAILED, reason=Reason.CANCELLED, failed_at=now)
    summary = summarise(timezone.localdate())
    assert (summary.dead_letters, summary.commands_confirmed, summary.commands_failed) == (1, 1, 1)


def test_the_task_sums_up_yesterday_once_and_says_so(
    telemetry: Connection, caplog: pytest.LogCaptureFixture, client: Client
) -> None:
    caplog.set_level("INFO")
    for _ in range(2):
        assert summarise_yesterday.apply().successful()
    yesterday = timezone.localdate() - timedelta(days=1)
    assert DaySummary.objects.get().day == yesterday
    assert f"{yesterday}: no kWh; 0 readings of meters" in caplog.text
    client.force_login(User.objects.create_superuser("alice", password="alice-s-secret"))
    assert client.get(reverse("admin:telemetry_daysummary_changelist")).status_code == 200

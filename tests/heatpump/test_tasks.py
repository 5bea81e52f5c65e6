"""The clock of commands without an echo, in a real Celery worker."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import django.db
import pytest
from django.db import connection
from django.utils import timezone

from heatpump.outbox.models import Command, Status
from heatpump.outbox.services import ECHO_WITHIN, claim, mark_published
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.services import change_settings
from heatpump.tasks import retry_commands
from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from tests.away import databases_at
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def celery(tmp_path: Path) -> Iterator[None]:
    argv = (sys.executable, "-m", "celery", "--app", "homelab_site", "worker", "--pool", "solo", "--without-gossip")
    child = Child("celery", argv, tmp_path / "celery.log", env={"PYTHONPATH": parts.PROJECT})
    child.start()
    yield
    child.kill()


def published(ago: timedelta) -> Command:
    """Return a command that the broker took some time ago, and that nothing has confirmed."""
    now = timezone.now()
    confirm_from_reading(Echo(device_id="cellar", ts=now, received_at=now, values={"heatstop": 17}), now)
    command = change_settings("cellar", {"heatstop": 18}, requested_by="alice")
    publication = claim(now)
    assert publication is not None
    mark_published(publication, now - ago)
    return command


def test_a_command_without_an_echo_is_queued_again(celery: None) -> None:
    command = published(ECHO_WITHIN)
    retry_commands.delay()

    def is_queued_again() -> bool:
        command.refresh_from_db()
        return (command.status, command.retry_count) == (Status.PENDING, 1)

    eventually(is_queued_again, 60)


def test_a_command_that_may_still_be_confirmed_is_left_alone() -> None:
    command = published(ECHO_WITHIN - timedelta(seconds=10))
    assert retry_commands.apply().successful()
    command.refresh_from_db()
    assert command.status == Status.PUBLISHED


def test_a_database_that_is_away_is_tried_again_a_few_times() -> None:
    connection.close()
    with databases_at(f"postgresql://nobody@127.0.0.1:{free_port()}/none", "default"):
        result = retry_commands.apply()
    assert isinstance(result.result, django.db.OperationalError)

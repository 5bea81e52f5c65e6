"""The outbox worker between a real PostgreSQL and a real MQTT broker."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bridge.mqtt import parse_url
from heatpump.outbox import worker as outbox
from heatpump.outbox.models import Command, Publication, Status
from heatpump.outbox.services import TURN
from heatpump.outbox.wakeups import Wakeups
from heatpump.outbox.worker import OutboxWorker
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.pumps import hold
from heatpump.settings.services import change_settings
from homelab_site.stack.services import Mqtt
from homelab_site.workers.liveness import LivenessFile
from homelab_site.workers.loop import run_worker
from tests.bridge.listener import Listener
from tests.proxy import Proxy
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

NODE = "cellar"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mqtt]:
    made = Mqtt(tmp_path_factory.mktemp("mqtt"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Run workers in threads, each with the broker at a URL."""
    stop, threads = Event(), []

    def run(url: str) -> None:
        try:
            run_worker(
                OutboxWorker(parse_url(url), Wakeups(settings.DATABASE_URL)), stop, LivenessFile(tmp_path, "outbox")
            )
        finally:
            connection.close()

    def begin(url: str) -> None:
        threads.append(Thread(target=run, args=(url,)))
        threads[-1].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _pump() -> None:
    """A pump that is known."""
    now = timezone.now()
    confirm_from_reading(Echo(device_id=NODE, ts=now, received_at=now, values={"heatstop": 17, "curve_zero": 0}), now)


def url_of(port: int) -> str:
    return f"mqtt://127.0.0.1:{port}"


def is_published(command: Command) -> bool:
    command.refresh_from_db()
    return command.status == Status.PUBLISHED


def listeners() -> int:
    """Return how many workers wait for a notification, and for nothing else."""
    with closing(psycopg2.connect(settings.DATABASE_URL)) as own, own.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'homelab-outbox' AND query LIKE 'LISTEN%'"
        )
        return int(cursor.fetchall()[0][0])


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchall()[0][0])


def test_a_command_goes_out_at_once_with_qos_1_and_is_not_retained(
    broker: Mqtt, start: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_SECONDS", 3600.0)
    with Listener(url_of(broker.port), f"{NODE}/write") as listener:
        start(url_of(broker.port))
        eventually(listeners)
        for value in (-1, -2):
            change_settings(NODE, {"curve_zero": value}, requested_by="alice")
            (seen,) = listener.take(1)
            assert (seen.topic, seen.payload, seen.qos, seen.retain) == (
                "cellar/write", b'{"d56":%d}' % (value & 0xFFFF), 1, False,
            )  # fmt: skip


def test_a_notification_that_was_lost_is_made_up_for(
    broker: Mqtt, start: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_SECONDS", 1.0)
    monkeypatch.setattr(Wakeups, "wait", lambda self, seconds: time.sleep(0.05))
    start(url_of(broker.port))
    eventually(listeners)
    command = change_settings(NODE, {"heatstop": 18}, requested_by="alice")
    eventually(lambda: is_published(command))


def test_a_database_that_ends_the_connections_is_listened_to_again(broker: Mqtt, start: Callable[[str], None]) -> None:
    start(url_of(broker.port))
    eventually(listeners)
    with closing(psycopg2.connect(settings.DATABASE_URL)) as own, own.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'homelab-outbox'"
        )
    command = change_settings(NODE, {"heatstop": 18}, requested_by="alice")
    eventually(lambda: is_published(command))
    eventually(listeners)


def test_what_the_broker_does_not_acknowledge_stays_pending_and_counts_as_sent(
    broker: Mqtt, start: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ACKNOWLEDGE_SECONDS", 0.5)
    with Proxy(broker.port) as proxy:
        start(url_of(proxy.port))
        eventually(listeners)
        proxy.swallow.set()
        command = change_settings(NODE, {"heatstop": 18}, requested_by="alice")
        eventually(lambda: Publication.objects.filter(write__command=command).count() == 1)
        command.refresh_from_db()
        assert command.status == Status.PENDING
        proxy.swallow.clear()
        eventually(lambda: is_published(command), 60)
    assert command.retry_count == 0
    assert Publication.objects.filter(write__command=command).count() >= 2


def test_a_worker_whose_turn_is_nearly_over_sends_nothing(
    broker: Mqtt, start: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ACKNOWLEDGE_SECONDS", TURN.total_seconds() - 0.5)
    command = change_settings(NODE, {"heatstop": 18}, requested_by="alice")
    with Listener(url_of(broker.port), f"{NODE}/write") as listener:
        with transaction.atomic():
            hold(command.pump_id)
            start(url_of(broker.port))
            eventually(waits_for_a_lock)
            released = timezone.now() + timedelta(seconds=1)
            eventually(lambda: timezone.now() > released)
        eventually(lambda: is_published(command))
        assert len(listener.take(1)) == 1
    assert Publication.objects.get().sent_at > released


def test_nothing_is_claimed_while_the_broker_is_away(
    broker: Mqtt, start: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    command = change_settings(NODE, {"heatstop": 18}, requested_by="alice")
    broker.kill()
    start(url_of(broker.port))
    eventually(lambda: caplog.text.count("is away") >= 3)
    assert not Publication.objects.exists()
    broker.start()
    eventually(lambda: is_published(command), 60)
    assert Publication.objects.count() == 1

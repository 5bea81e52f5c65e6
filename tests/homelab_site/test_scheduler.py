"""Real beats, on a real database and a real broker."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from homelab_site.celery import app
from homelab_site.schedule import SCHEDULE
from homelab_site.scheduler import Entry, HouseScheduler, Turn
from homelab_site.stack import parts
from homelab_site.stack.child import Child
from tests.waiting import eventually

QUEUE = "of-the-beats-of-a-test"
Beats = Callable[[str], Child]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def queue() -> Iterator[Any]:
    """The queue that the task of these tests is sent to; nobody takes from it."""
    with app.connection_for_read() as broker, closing(broker.SimpleQueue(QUEUE)) as made:
        made.clear()
        yield made
        made.clear()


@pytest.fixture
def beats(tmp_path: Path) -> Iterator[Beats]:
    """Start beats that send a task to the queue every second."""
    every_second = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="tick", task="of.nobody", interval=every_second, queue=QUEUE)
    started: list[Child] = []

    def start(name: str) -> Child:
        pid_file = tmp_path / f"{name}.pid"
        argv = [sys.executable, "-m", "celery", "--app", "homelab_site", "beat", "--pidfile", str(pid_file)]
        child = Child(name, argv, tmp_path / f"{name}.log", env={"PYTHONPATH": parts.PROJECT, "LOG_LEVEL": "INFO"})
        child.start()
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()


def sender(queue: Any) -> str:
    """Wait for a task, and return the process that sent it."""
    message = queue.get(timeout=60)
    message.ack()
    return str(message.headers["origin"]).partition("@")[0].removeprefix("gen")


def pid(child: Child) -> str:
    assert child.id
    return str(child.id.pid)


def test_of_two_beats_one_sends_and_the_second_takes_over(beats: Beats, queue: Any) -> None:
    first = beats("first")
    assert sender(queue) == pid(first)
    second = beats("second")
    eventually(lambda: waiting_beats() == 1, 60)
    assert {sender(queue) for _ in range(4)} == {pid(first)}
    first.kill()
    queue.clear()
    assert {sender(queue) for _ in range(3)} == {pid(second)}


def waiting_beats() -> int:
    """Return how many beats are connected and do not hold the lock."""
    with closing(psycopg2.connect(settings.DATABASE_URL)) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'homelab-beat'"
            " AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
        )
        return int(cursor.fetchall()[0][0])


def cut_connections_of_beats() -> None:
    with closing(psycopg2.connect(settings.DATABASE_URL)) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'homelab-beat'"
        )


def test_a_beat_whose_database_was_away_takes_its_turn_again(beats: Beats, queue: Any) -> None:
    only = beats("only")
    assert sender(queue) == pid(only)
    cut_connections_of_beats()
    eventually(lambda: "next attempt in" in only.log.read_text())
    queue.clear()
    assert sender(queue) == pid(only)


def test_the_defaults_become_rows_in_the_time_of_the_house_and_what_a_person_changed_stays(
    beats: Beats, queue: Any
) -> None:
    every_week = IntervalSchedule.objects.create(every=7, period=IntervalSchedule.DAYS)
    PeriodicTask.objects.create(
        name="apply-retention", task="telemetry.tasks.apply_retention", interval=every_week, enabled=False
    )
    beats("only")
    sender(queue)
    rows = {row.name: row for row in PeriodicTask.objects.exclude(name="tick")}
    assert rows.keys() == SCHEDULE.keys()
    assert (rows["apply-retention"].interval, rows["apply-retention"].enabled) == (every_week, False)
    assert {str(one.timezone) for one in CrontabSchedule.objects.all()} == {settings.TIME_ZONE}


def test_a_change_in_the_database_counts_within_seconds(beats: Beats, queue: Any) -> None:
    beats("only")
    sender(queue)
    PeriodicTask.objects.filter(name="tick").update(enabled=False)
    PeriodicTasks.update_changed()
    eventually(lambda: not tasks_come(queue), 60)


@pytest.mark.usefixtures("beats")
def test_what_a_person_changes_while_the_beat_writes_stays() -> None:
    entry = Entry(PeriodicTask.objects.get(name="tick"), app=app)
    sent = next(entry)
    with ThreadPoolExecutor(1) as beat:
        with transaction.atomic():
            PeriodicTask.objects.filter(name="tick").update(enabled=False)
            writing = beat.submit(in_a_thread, sent.save)
            eventually(lambda: writing.done() or somebody_waits_for_us())
        writing.result(timeout=30)
    row = PeriodicTask.objects.get(name="tick")
    assert (row.enabled, row.total_run_count, row.last_run_at) == (False, 1, sent.last_run_at)


def in_a_thread(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchall()[0][0])


@pytest.mark.usefixtures("beats")
def test_a_change_right_after_the_first_look_counts() -> None:
    with closing(HouseScheduler(app=app, lazy=True)) as scheduler:
        scheduler._begin()
        assert "tick" in scheduler.schedule
        PeriodicTask.objects.filter(name="tick").update(enabled=False)
        PeriodicTasks.update_changed()
        assert "tick" not in scheduler.schedule


def tasks_come(queue: Any) -> bool:
    """Tell whether a task is sent within two of its intervals."""
    queue.clear()
    try:
        queue.get(timeout=2)
    except queue.Empty:
        return False
    return True


def test_the_admin_shows_the_schedule(client: Client) -> None:
    client.force_login(User.objects.create_superuser("alice", password="alice-s-secret"))
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    task = PeriodicTask.objects.create(name="tick", task="homelab_site.tasks.clear_sessions", interval=hourly)
    assert "tick" in client.get(reverse("admin:django_celery_beat_periodictask_changelist")).content.decode()
    page = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])
    assert client.get(page).status_code == 200


def test_a_lock_is_one_connection_s_until_it_ends() -> None:
    first, second = Turn(settings.DATABASE_URL), Turn(settings.DATABASE_URL)
    # The server takes a moment to see that a connection has ended, also the one of an earlier test.
    eventually(first.is_mine)
    assert (second.is_mine(), first.is_mine()) == (False, True)
    first.give_up()
    eventually(second.is_mine)
    assert not first.is_mine()
    first.give_up()
    second.give_up()

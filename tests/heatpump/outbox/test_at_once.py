"""Several that change or publish at once: connections of their own, real locks."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import psycopg2
import pytest
from django.conf import settings as site_settings
from django.db import connection, connections, transaction

from heatpump.models import Command, Publication, Write
from heatpump.outbox import services as outbox
from heatpump.outbox.models import UNDER_WAY, Status
from heatpump.settings.services import InvalidChangeError, change_settings
from tests.heatpump.scripted import Clock, ScriptedPump, new_pump, state_of
from tests.heatpump.settings.asking import SettingsApi
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


@pytest.fixture
def pump(clock: Clock, transactional_db: None) -> ScriptedPump:
    return new_pump(clock)


def at_once(count: int, do: Callable[[int], T]) -> list[T]:
    """Do something in several threads that begin together."""
    barrier = Barrier(count)

    def begin(number: int) -> T:
        try:
            barrier.wait(timeout=30)
            return do(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_the_same_key_many_times_at_once_is_one_command(pump: ScriptedPump, asking: SettingsApi) -> None:
    answers = at_once(8, lambda _: asking.accepted({"curve": 41}, **{"Idempotency-Key": "k1"}))
    assert len({answer["outbox_id"] for answer in answers}) == 1
    assert Command.objects.count() == Write.objects.count() == 1


def test_of_many_changes_from_the_same_settings_one_is_made(pump: ScriptedPump, asking: SettingsApi) -> None:
    headers = {"If-Match": asking.get().headers["ETag"]}
    statuses = at_once(6, lambda n: asking.patch({"curve": 50 + n}, headers=headers).status_code)
    assert sorted(statuses) == [202, *[412] * 5]


def test_of_many_changes_of_one_setting_the_last_is_left(pump: ScriptedPump) -> None:
    at_once(8, lambda n: change_settings(pump.device_id, {"curve": 50 + n, "heatstop": 30 + n}, requested_by="alice"))
    newest = Command.objects.latest("pk")
    assert set(Command.objects.filter(status__in=UNDER_WAY)) == {newest}
    assert pump.setting("curve").wanted == newest.payload["curve"]
    assert Command.objects.exclude(pk=newest.pk).filter(reason="superseded").count() == 7


def test_the_curve_is_never_turned_over_by_two_changes_at_once(pump: ScriptedPump) -> None:
    def ask(n: int) -> bool:
        change = {"curve_min": 44} if n else {"curve_max": 30}
        try:
            change_settings(pump.device_id, change, requested_by="alice")
        except InvalidChangeError:
            return False
        return True

    assert sorted(at_once(2, ask)) == [False, True]


def test_workers_publish_each_write_once_and_in_order_for_each_pump(clock: Clock, transactional_db: None) -> None:
    pumps = [new_pump(clock, f"pump-{n}") for n in range(5)]
    for value in (41, 42):
        for pump in pumps:
            pump.ask(curve=value)
            pump.ask(heatstop=value)
            pump.ask(mode=2)

    def work(_: int) -> list[Publication]:
        taken = []
        while Write.objects.filter(status=Status.PENDING).exists():
            publication = outbox.claim(clock.now)
            if publication is not None:
                taken.append(publication)
                outbox.mark_published(publication, clock.now)
        return taken

    published = [publication for taken in at_once(3, work) for publication in taken]
    assert len(published) == len(pumps) * 3
    for pump in pumps:
        writes = Publication.objects.filter(setting__pump=pump.row).order_by("pk").values_list("write_id", flat=True)
        assert list(writes) == sorted(writes)


def test_a_pump_that_another_worker_has_is_skipped_without_waiting(pump: ScriptedPump, clock: Clock) -> None:
    pump.ask(curve=41)
    with transaction.atomic():
        assert outbox.claim(clock.now)
        assert at_once(1, lambda _: outbox.claim(clock.now)) == [None]


def test_a_change_that_is_confirmed_while_it_is_superseded_ends_one_way(pump: ScriptedPump) -> None:
    command = pump.ask(curve=41)
    pump.publish()
    acts: list[Callable[[], object]] = [pump.read, lambda: pump.ask(curve=42)]
    at_once(2, lambda n: acts[n]())
    assert state_of(command) in {("confirmed", ""), ("failed", "superseded")}
    assert Write.objects.filter(status__in=UNDER_WAY).count() == 1


@pytest.fixture
def listener() -> Iterator[Any]:
    heard = psycopg2.connect(site_settings.DATABASE_URL)
    heard.autocommit = True
    with heard.cursor() as cursor:
        cursor.execute(f"LISTEN {outbox.CHANNEL}")
    yield heard
    heard.close()


def test_a_command_is_told_of_when_it_is_there_to_be_seen(pump: ScriptedPump, listener: Any) -> None:
    def heard() -> bool:
        listener.poll()
        return bool(listener.notifies)

    with transaction.atomic():
        pump.ask(curve=41)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert not heard()
    eventually(heard)

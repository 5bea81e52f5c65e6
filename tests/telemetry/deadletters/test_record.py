from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import django.db
import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from bridge.messages import Reason
from telemetry.deadletters.models import REASONS, DeadLetter
from telemetry.deadletters.services import expire, record
from tests.telemetry.deadletters.letters import FROM_KAFKA, FROM_MQTT, MOMENT, kept

pytestmark = pytest.mark.django_db


def test_a_letter_is_kept_with_all_that_is_known_of_it() -> None:
    letter = kept(FROM_KAFKA)
    assert (letter.source, letter.origin, letter.partition, letter.offset) == (
        "kafka", "homelab-energy-realtime", 0, 7,
    )  # fmt: skip
    assert (letter.key, letter.reason, letter.detail) == ("4711", "invalid", "Invalid RFC3339 encoded datetime")
    assert letter.failed_at == MOMENT
    assert letter.content == FROM_KAFKA.payload


def test_a_letter_recorded_again_is_one_row() -> None:
    record([FROM_KAFKA, FROM_MQTT, FROM_KAFKA])
    record([FROM_KAFKA, FROM_MQTT])
    assert DeadLetter.objects.count() == 2


def test_a_letter_recorded_again_keeps_its_correction() -> None:
    letter = kept(FROM_KAFKA)
    DeadLetter.objects.update(corrected_payload=b"{}")
    record([FROM_KAFKA])
    letter.refresh_from_db()
    assert letter.content == b"{}"


def test_the_same_offset_of_a_broker_that_began_anew_is_another_letter() -> None:
    record([FROM_KAFKA, replace(FROM_KAFKA, failed_at=MOMENT + timedelta(milliseconds=1))])
    assert DeadLetter.objects.count() == 2


def test_any_bytes_are_kept_as_they_are() -> None:
    payload = bytes(range(256)) * 4
    assert kept(FROM_MQTT, payload=payload).content == payload


def test_text_that_postgresql_cannot_hold_is_replaced() -> None:
    letter = kept(FROM_MQTT, origin="a\0b", key="\ud800", detail="\udfff\0", reason="x\0")
    assert (letter.origin, letter.key, letter.detail, letter.reason) == ("a\ufffdb", "?", "?\ufffd", "x\ufffd")


def test_long_text_is_no_reason_to_refuse() -> None:
    letter = kept(FROM_MQTT, origin="o" * 100_000, key="k" * 100_000, detail="d" * 100_000, reason="r" * 100)
    assert (len(letter.origin), len(letter.key)) == (100_000, 100_000)
    assert (len(letter.detail), len(letter.reason)) == (1_000, 32)


@pytest.mark.parametrize(
    ("claimed", "stored"),
    [
        (datetime.min.replace(tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
        (datetime.max.replace(tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)),
        (datetime(2026, 2, 3, 4, 5, 6), MOMENT),  # noqa: DTZ001 - a client may leave the zone out
    ],
)
def test_any_time_is_kept_near_enough(claimed: datetime, stored: datetime) -> None:
    assert kept(FROM_MQTT, failed_at=claimed).failed_at == stored


def end_connection() -> None:
    with closing(psycopg2.connect(settings.DATABASE_URL)) as other, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        with other.cursor() as killer:
            killer.execute("SELECT pg_terminate_backend(%s, 10000)", cursor.fetchone())


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_costs_one_attempt() -> None:
    end_connection()
    with pytest.raises(django.db.Error):
        record([FROM_KAFKA])
    record([FROM_KAFKA])
    assert DeadLetter.objects.count() == 1


def test_letters_are_kept_for_30_days_from_when_they_were_recorded() -> None:
    old, young = kept(FROM_MQTT), kept(FROM_KAFKA, failed_at=datetime(1970, 1, 1, tzinfo=UTC))
    DeadLetter.objects.filter(pk=old.pk).update(recorded_at=timezone.now() - timedelta(days=30, minutes=1))
    DeadLetter.objects.filter(pk=young.pk).update(recorded_at=timezone.now() - timedelta(days=29, hours=23))
    assert expire() == 1
    assert DeadLetter.objects.get() == young


def test_every_reason_has_a_name_for_people() -> None:
    assert [value for value, _ in REASONS] == list(Reason)

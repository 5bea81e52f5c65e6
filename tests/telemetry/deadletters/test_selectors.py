from datetime import timedelta

import pytest
from django.utils import timezone

from telemetry.deadletters.models import DeadLetter
from telemetry.deadletters.selectors import DeadLetterSummary, counts_by_reason, dead_letter_summary, unsent_count
from tests.telemetry.deadletters.letters import FROM_KAFKA, FROM_MQTT, kept

pytestmark = pytest.mark.django_db


def test_without_letters_there_is_nothing_to_say() -> None:
    assert dead_letter_summary() == DeadLetterSummary(total=0, last_hour=0, newest=None)


def test_the_summary_counts_from_when_letters_were_recorded() -> None:
    newest = kept(FROM_MQTT)
    DeadLetter.objects.filter(pk=kept(FROM_KAFKA).pk).update(recorded_at=timezone.now() - timedelta(minutes=61))
    assert dead_letter_summary() == DeadLetterSummary(total=2, last_hour=1, newest=newest.recorded_at)


def test_recent_letters_are_counted_by_reason() -> None:
    for offset in range(3):
        kept(FROM_KAFKA, offset=offset)
    kept(FROM_MQTT)
    assert counts_by_reason(timezone.now() - timedelta(hours=1)) == {"invalid": 3, "not_json": 1}
    assert counts_by_reason(timezone.now() + timedelta(hours=1)) == {}


def test_a_letter_counts_as_unsent_until_it_is_sent_again() -> None:
    kept(FROM_KAFKA)
    sent = kept(FROM_MQTT)
    DeadLetter.objects.filter(pk=sent.pk).update(sent_again_at=timezone.now())
    assert unsent_count() == 1

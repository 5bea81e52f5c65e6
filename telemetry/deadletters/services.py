"""Keeping dead letters, correcting them, sending them again, and letting old ones go."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.utils import timezone

from bridge.house import house_from_settings
from bridge.messages import RETENTION, Topic
from telemetry.deadletters.models import DeadLetter, Source
from telemetry.deadletters.payload import as_text, with_lf
from telemetry.deadletters.sending import KafkaMessage, deliver, message_of

__all__ = ["NewDeadLetter", "SendResult", "Source", "correct", "expire", "record", "send_again"]

KEPT = RETENTION[Topic.DEAD_LETTER]

DETAIL_LENGTH = 1_000
REASON_LENGTH = 32
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""A time beyond these may have no local time in the house's zone, and could not be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeadLetter:
    """A message for the dead letters.

    `origin` is the topic. `partition`, `offset` and `key` belong to a Kafka record. `reason` is the value of a
    `bridge.messages.Reason`. `failed_at` is the time of receipt of an MQTT message and the timestamp of a Kafka
    record, never the clock of who records the letter: the same message read again must give the same letter.
    """

    source: Source
    origin: str
    partition: int | None
    offset: int | None
    key: str
    payload: bytes
    reason: str
    detail: str
    failed_at: datetime

    def fingerprint(self) -> bytes:
        """Return 32 bytes that are the same for the same message.

        The time is part of it because a broker that starts with an empty log counts its offsets from 0 again.
        """
        failed_at = _storable_time(self.failed_at).isoformat()
        head = json.dumps([self.source, self.origin, self.partition, self.offset, failed_at])
        return hashlib.sha256(head.encode() + b"\n" + self.payload).digest()


def record(letters: Sequence[NewDeadLetter]) -> None:
    """Store letters; those that are stored already stay as they are.

    Whatever the letters hold, the database accepts it. Raises `django.db.Error` where it is away.
    """
    DeadLetter.objects.bulk_create([_row(letter) for letter in letters], ignore_conflicts=True)


def correct(letter: DeadLetter, text: str) -> None:
    """Store the text that is to be sent instead of the payload; the payload's own text takes a correction back."""
    text = with_lf(text)
    letter.corrected_payload = None if text == as_text(bytes(letter.payload)) else text.encode()
    letter.save(update_fields=["corrected_payload"])


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of a letter that was to be sent again; `problem` is empty where Kafka acknowledged it."""

    letter: DeadLetter
    problem: str


def send_again(letters: Iterable[DeadLetter], by: User) -> list[SendResult]:
    """Send letters again, and mark those that Kafka acknowledged.

    Where the process ends between the two, a letter was sent and is not marked. Sending it once more is harmless:
    the reading is the same row.
    """
    house = house_from_settings()
    prepared = [(letter, message_of(letter, house)) for letter in letters]
    problems = iter(deliver([message for _, message in prepared if isinstance(message, KafkaMessage)]))
    results = [
        SendResult(letter, next(problems) if isinstance(message, KafkaMessage) else message)
        for letter, message in prepared
    ]
    sent = [result.letter.pk for result in results if not result.problem]
    DeadLetter.objects.filter(pk__in=sent).update(sent_again_at=timezone.now(), sent_again_by=by)
    return results


def expire() -> int:
    """Delete the letters that were recorded longer ago than they are kept; return how many."""
    deleted, _ = DeadLetter.objects.filter(recorded_at__lt=timezone.now() - KEPT).delete()
    return deleted


def _row(letter: NewDeadLetter) -> DeadLetter:
    return DeadLetter(
        fingerprint=letter.fingerprint(),
        source=letter.source,
        origin=_storable_text(letter.origin),
        partition=letter.partition,
        offset=letter.offset,
        key=_storable_text(letter.key),
        payload=letter.payload,
        reason=_storable_text(letter.reason)[:REASON_LENGTH],
        detail=_storable_text(letter.detail)[:DETAIL_LENGTH],
        failed_at=_storable_time(letter.failed_at),
    )


def _storable_text(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold: NUL and lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _storable_time(moment: datetime) -> datetime:
    """Return a time in UTC within the bounds; one without a zone counts as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(aware, EARLIEST), LATEST).astimezone(UTC)

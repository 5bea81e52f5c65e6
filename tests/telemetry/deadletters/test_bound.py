from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from telemetry.deadletters.bound import Bound
from telemetry.deadletters.models import DeadLetter
from telemetry.deadletters.services import NewDeadLetter, record
from tests.telemetry.deadletters.letters import FROM_MQTT, MOMENT

pytestmark = pytest.mark.django_db
PAYLOAD_BYTES = 100


def letters() -> Iterator[NewDeadLetter]:
    """Letters of a flood, of a hundred bytes each."""
    for number in count():
        payload = f"{number:>{PAYLOAD_BYTES}}".encode()
        yield replace(FROM_MQTT, origin="", payload=payload, failed_at=MOMENT + timedelta(seconds=number))


def numbers() -> list[int]:
    return [int(bytes(letter.payload)) for letter in DeadLetter.objects.order_by("id")]


def record_all(bound: Bound, total: int) -> None:
    for letter, _ in zip(letters(), range(total), strict=False):
        record([letter])
        bound.keep([letter])


def test_the_newest_letters_stay() -> None:
    record_all(Bound(letters=10), 35)
    assert numbers() == list(range(25, 35))


def test_letters_stay_as_long_as_their_bytes_are_few() -> None:
    record_all(Bound(size=10 * PAYLOAD_BYTES + 50), 35)
    assert numbers() == list(range(25, 35))


def test_it_looks_at_once_and_then_after_two_percent() -> None:
    record([letter for letter, _ in zip(letters(), range(300), strict=False)])
    bound = Bound(letters=200)
    flood = [letter for letter, _ in zip(letters(), range(310), strict=False)][300:]
    seen = []
    for letter in flood:
        record([letter])
        bound.keep([letter])
        seen.append(DeadLetter.objects.count())
    assert seen == [200, 201, 202, 203, 200, 201, 202, 203, 200, 201]


def test_few_letters_are_left_alone() -> None:
    record_all(Bound(), 20)
    assert len(numbers()) == 20

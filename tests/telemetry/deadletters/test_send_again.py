import pytest
from django.contrib.auth.models import User

from bridge.messages import decode_message
from telemetry.deadletters.models import DeadLetter
from telemetry.deadletters.services import correct, send_again
from tests.telemetry.deadletters.conftest import Tail
from tests.telemetry.deadletters.letters import FROM_KAFKA, FROM_MQTT, METER_PAYLOAD, MOMENT, kept


def problems(letters: list[DeadLetter], by: User) -> list[str]:
    return [result.problem for result in send_again(letters, by)]


def test_a_record_goes_back_to_its_topic_with_its_key(energy_topic: Tail, alice: User) -> None:
    letter = kept(FROM_KAFKA)
    assert problems([letter], alice) == [""]
    assert energy_topic.read(1) == [(b"4711", FROM_KAFKA.payload)]
    letter.refresh_from_db()
    assert letter.sent_again_at is not None
    assert letter.sent_again_by == alice


def test_a_record_without_a_key_is_sent_without_one(energy_topic: Tail, alice: User) -> None:
    assert problems([kept(FROM_KAFKA, key="")], alice) == [""]
    assert energy_topic.read(1) == [(None, FROM_KAFKA.payload)]


def test_what_is_sent_is_the_correction(energy_topic: Tail, alice: User) -> None:
    letter = kept(FROM_KAFKA)
    correct(letter, '{"ts": "now"}')
    assert problems([letter], alice) == [""]
    assert energy_topic.read(1) == [(b"4711", b'{"ts": "now"}')]
    assert bytes(letter.payload) == FROM_KAFKA.payload


def test_a_correction_is_taken_back_by_the_text_of_the_payload() -> None:
    letter = DeadLetter(payload=b"a\r\nb", corrected_payload=b"a")
    assert letter.content == b"a"


def test_an_mqtt_message_becomes_the_reading_of_when_it_was_received(energy_topic: Tail, alice: User) -> None:
    letter = kept(FROM_MQTT)
    correct(letter, METER_PAYLOAD.decode())
    assert problems([letter], alice) == [""]
    [(key, value)] = energy_topic.read(1)
    message = decode_message(value)
    assert key == b"4711"
    assert message.fields["active_energy_total"] == 1_000
    assert (message.ts, message.received_at) == (MOMENT, MOMENT)


def test_a_message_that_is_still_bad_is_not_sent_and_says_why(alice: User) -> None:
    letter = kept(FROM_MQTT)
    [problem] = problems([letter], alice)
    assert problem.startswith("still bad (not_json): ")
    letter.refresh_from_db()
    assert letter.sent_again_at is None


def test_a_message_that_is_no_telemetry_says_so(alice: User) -> None:
    event = kept(FROM_MQTT, origin="shellyhtg3-x/events/rpc", payload=b'{"method": "NotifyEvent"}')
    [problem] = problems([event], alice)
    assert problem.startswith("no telemetry, so there is nothing to store: ")


def test_one_that_cannot_be_sent_does_not_hold_up_the_others(energy_topic: Tail, alice: User) -> None:
    letters = [kept(FROM_MQTT), kept(FROM_KAFKA), kept(FROM_KAFKA, origin="homelab-attic"), kept(FROM_KAFKA, offset=8)]
    bad, first, elsewhere, second = problems(letters, alice)
    assert bad.startswith("still bad")
    assert elsewhere == "homelab-attic is no topic of the house"
    assert [first, second] == ["", ""]
    assert len(energy_topic.read(2)) == 2
    assert DeadLetter.objects.filter(sent_again_at=None).count() == 2


def test_a_message_too_large_for_kafka_is_refused_alone(energy_topic: Tail, alice: User) -> None:
    large = kept(FROM_KAFKA, payload=b"x" * 2_000_000)
    refused, sent = problems([large, kept(FROM_KAFKA)], alice)
    assert refused.startswith("Kafka refuses the message")
    assert sent == ""


@pytest.mark.usefixtures("no_kafka")
def test_without_kafka_nothing_is_marked(alice: User) -> None:
    [problem] = problems([kept(FROM_KAFKA)], alice)
    assert problem.startswith("Kafka does not answer")
    assert DeadLetter.objects.get().sent_again_at is None

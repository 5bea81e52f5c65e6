from typing import Any

from django.contrib.auth.models import User

from telemetry.deadletters.models import DeadLetter
from telemetry.deadletters.services import correct, send_again
from tests.pipeline import Pipeline
from tests.telemetry.deadletters.letters import METER_PAYLOAD
from tests.waiting import eventually


def test_a_bad_message_that_was_corrected_is_stored_at_the_time_it_came(
    pipeline: Pipeline, alice: User, settings: Any
) -> None:
    settings.KAFKA_BROKERS = [pipeline.environment["KAFKA_BROKERS"]]
    pipeline.run("bridge", "sink")
    pipeline.publish("saveeye/telemetry", b"[" + METER_PAYLOAD)
    [letter] = eventually(lambda: list(DeadLetter.objects.all()))

    correct(letter, METER_PAYLOAD.decode())
    assert [result.problem for result in send_again([letter], alice)] == [""]

    eventually(lambda: pipeline.count("energy_consumption") == 1)
    assert pipeline.rows("SELECT device_serial, time FROM energy_consumption") == [("4711", letter.failed_at)]

"""From MQTT to a row or a dead letter, through the real brokers, workers and databases."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.messages import Reason
from telemetry.deadletters.models import DeadLetter
from tests.pipeline import Pipeline
from tests.waiting import eventually
from tests.whole.payloads import SAVEEYE, SHELLY, THERMIQ, heatpump, meter, room

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def running(pipeline: Pipeline) -> Pipeline:
    pipeline.run("bridge", "sink")
    return pipeline


def reasons() -> list[str]:
    return sorted(DeadLetter.objects.values_list("reason", flat=True))


def test_each_kind_of_device_ends_in_its_table(running: Pipeline) -> None:
    running.publish(SAVEEYE, meter("m1", NOW, 1000))
    running.publish(THERMIQ, heatpump(NOW, d19=4))
    running.publish(SHELLY, room(NOW, 21.5))

    tables = ("energy_consumption", "heatpump_status", "temperature_sensors")
    eventually(lambda: all(running.count(table) for table in tables))
    assert running.rows("SELECT time, device_serial, active_energy_total, active_power_l1 FROM energy_consumption") == [
        (NOW, "m1", 1000, 500)
    ]
    assert running.rows("SELECT time, device_id, outdoor_temp, alarms FROM heatpump_status") == [
        (NOW, "thermiq_heatpump", 3.0, ["motor_breaker"])
    ]
    assert running.rows("SELECT location, temperature_c, mac_address FROM temperature_sensors") == [
        ("indoor", 21.5, "e4b32322a0f4")
    ]


def test_bad_messages_become_dead_letters_and_those_around_them_are_stored(running: Pipeline) -> None:
    running.publish(
        SAVEEYE,
        meter("m1", NOW, 1),
        b"this is not JSON",
        meter("m1", NOW + timedelta(seconds=1), 2),
        meter("m1", NOW + timedelta(seconds=2), 3, power=3_000_000_000),
        meter("m1", NOW + timedelta(seconds=3), 4),
    )
    running.publish(
        THERMIQ,
        heatpump(NOW, vp_read="MISMATCH"),
        heatpump(NOW, Client_Name="somebody else"),
        heatpump(NOW + timedelta(seconds=30)),
    )

    eventually(lambda: len(reasons()) == 4)
    assert reasons() == sorted([Reason.NOT_JSON, Reason.NOT_OURS, Reason.REFUSED, Reason.UNTRUSTED])
    eventually(lambda: running.count("energy_consumption") == 3)
    eventually(lambda: running.count("heatpump_status") == 1)
    not_json = DeadLetter.objects.get(reason=Reason.NOT_JSON)
    assert (bytes(not_json.payload), not_json.origin) == (b"this is not JSON", SAVEEYE)


def test_large_values_are_stored(running: Pipeline) -> None:
    running.publish(SAVEEYE, meter("m1", NOW, 3_000_000_000, power=70_000))

    eventually(lambda: running.count("energy_consumption") == 1)
    assert running.rows("SELECT active_power_total, active_energy_total FROM energy_consumption") == [
        (70_000, 3_000_000_000)
    ]


def test_a_clock_that_is_unset_gives_the_time_of_receipt(running: Pipeline) -> None:
    running.publish(SAVEEYE, meter("m1", "1970-01-01T00:00:12Z", 7))

    eventually(lambda: running.count("energy_consumption") == 1)
    ((time,),) = running.rows("SELECT time FROM energy_consumption")
    assert abs(time - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_reading_delivered_twice_is_one_row_and_the_first_counts(running: Pipeline) -> None:
    running.publish(SAVEEYE, meter("m1", NOW, 10), meter("m1", NOW, 11), meter("m1", NOW, 10))
    running.publish(SAVEEYE, meter("m2", NOW, 1))

    eventually(lambda: running.count("energy_consumption") == 2)
    assert running.rows("SELECT active_energy_total FROM energy_consumption WHERE device_serial = 'm1'") == [(10,)]
    assert reasons() == []


def test_a_whole_batch_of_bad_values_loses_none_of_the_good(running: Pipeline) -> None:
    """Bad rows at the start, in the middle and at the end of one batch."""
    bad = {0, 1, 40, 77, 99}
    running.publish(
        SAVEEYE,
        *(meter("m1", NOW + timedelta(seconds=n), n, power=9_999_999_999 if n in bad else 100) for n in range(100)),
    )

    eventually(lambda: len(reasons()) == len(bad))
    eventually(lambda: running.count("energy_consumption") == 100 - len(bad))

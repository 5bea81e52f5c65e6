"""From a change of a setting to the pump and back, through the real brokers, workers and databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from heatpump.outbox.models import UNDER_WAY, Command, Reason, Status
from heatpump.outbox.services import ECHO_WITHIN, retry_or_fail_overdue
from heatpump.settings.models import HeatPump, Setting
from heatpump.settings.services import change_settings
from tests.heatpump.pumps import Pumps, clamps, ignores
from tests.pipeline import Pipeline
from tests.waiting import eventually

NODE = "thermiq_heatpump"


@pytest.fixture
def pumps(pipeline: Pipeline) -> Iterator[Pumps]:
    """One heat pump whose settings are known, and the workers that commands need."""
    pipeline.run("bridge", "settings", "outbox")
    with Pumps(pipeline.environment["MQTT_URL"], [NODE]) as made:
        eventually(lambda: HeatPump.objects.filter(device_id=NODE, settings__confirmed__isnull=False).exists(), 60)
        yield made


def ask(**changes: object) -> Command:
    return change_settings(NODE, changes, requested_by="alice")


def until(command: Command, status: Status, seconds: float = 60) -> Command:
    def reached() -> bool:
        command.refresh_from_db()
        return command.status == status

    eventually(reached, seconds)
    return command


def confirmed(name: str) -> int | None:
    return Setting.objects.get(pump__device_id=NODE, name=name).confirmed


def test_a_command_is_confirmed_within_five_seconds(pumps: Pumps) -> None:
    command = until(ask(indoor_target_temp=23), Status.CONFIRMED, 5)
    assert pumps.written[NODE] == [b'{"d50":23}']
    assert confirmed("indoor_target_temp") == 23
    assert command.retry_count == 0


def test_a_negative_value_goes_out_as_two_s_complement_and_is_confirmed_as_itself(pumps: Pumps) -> None:
    until(ask(curve_plus_5=-3), Status.CONFIRMED)
    assert pumps.written[NODE] == [b'{"d55":65533}']
    assert confirmed("curve_plus_5") == -3


def let_two_minutes_pass(command: Command) -> None:
    """Wait until the broker has the command, and let its time for an echo run out."""
    until(command, Status.PUBLISHED)
    assert retry_or_fail_overdue(timezone.now() + ECHO_WITHIN) == 1
    command.refresh_from_db()


def let_all_retries_pass(command: Command) -> Command:
    for retry in range(1, command.max_retries + 1):
        let_two_minutes_pass(command)
        # The outbox may have sent it again by now.
        assert command.status in UNDER_WAY
        assert command.retry_count == retry
    let_two_minutes_pass(command)
    return command


def fall_silent(pumps: Pumps) -> None:
    """Let the pump send no more readings, and return when the last one has been looked at.

    It could be taken for an echo: a pump tells only the second of a reading.
    """
    pumps.silent.add(NODE)
    shown = Setting.objects.filter(pump__device_id=NODE, name="indoor_target_temp")
    eventually(lambda: shown.filter(confirmed_at__gte=pumps.read_at[NODE].replace(microsecond=0)).exists())


def echoed(command: Command) -> int | None:
    return command.writes.get().echoed


def test_a_pump_that_ignores_writes_is_asked_four_times_and_the_command_fails(pumps: Pumps) -> None:
    pumps.take = ignores
    command = ask(indoor_target_temp=23)
    eventually(lambda: echoed(command) == 21)
    let_all_retries_pass(command)
    assert (command.status, command.reason) == (Status.FAILED, Reason.OTHER_VALUE)
    # The broker had the last write, which may still be on its way to the pump.
    eventually(lambda: len(pumps.written[NODE]) >= 4)
    assert pumps.written[NODE] == [b'{"d50":23}'] * 4
    setting = Setting.objects.get(name="indoor_target_temp")
    assert (setting.confirmed, setting.wanted) == (21, None)


def test_a_pump_that_takes_another_value_confirms_nothing_and_its_value_is_shown(pumps: Pumps) -> None:
    pumps.take = clamps
    command = ask(indoor_target_temp=25)
    eventually(lambda: echoed(command) == 22)
    let_all_retries_pass(command)
    assert (command.status, command.reason) == (Status.FAILED, Reason.OTHER_VALUE)
    assert "22" in command.error_message
    assert confirmed("indoor_target_temp") == 22


def test_a_command_to_a_pump_that_stays_silent_fails_and_the_next_reading_shows_the_truth(pumps: Pumps) -> None:
    fall_silent(pumps)
    command = let_all_retries_pass(ask(indoor_target_temp=23))
    assert (command.status, command.reason) == (Status.FAILED, Reason.NO_ECHO)
    assert confirmed("indoor_target_temp") == 21
    pumps.silent.clear()
    eventually(lambda: confirmed("indoor_target_temp") == 23)


def test_a_pump_that_speaks_again_in_time_confirms(pumps: Pumps) -> None:
    fall_silent(pumps)
    command = ask(indoor_target_temp=23)
    let_two_minutes_pass(command)
    pumps.silent.clear()
    assert until(command, Status.CONFIRMED).retry_count == 1


def test_a_change_by_hand_after_the_write_is_not_taken_for_its_echo(pumps: Pumps) -> None:
    fall_silent(pumps)
    command = until(ask(indoor_target_temp=23), Status.PUBLISHED)
    eventually(lambda: pumps.written[NODE])
    pumps.pumps[NODE].settings["indoor_target_temp"] = 19
    pumps.silent.clear()
    eventually(lambda: echoed(command) == 19)
    let_two_minutes_pass(command)
    until(command, Status.CONFIRMED)
    assert confirmed("indoor_target_temp") == pumps.pumps[NODE].settings["indoor_target_temp"] == 23


def test_a_change_at_the_pump_itself_shows_with_its_next_reading(pumps: Pumps) -> None:
    pumps.pumps[NODE].settings["heatstop"] = 14
    eventually(lambda: confirmed("heatstop") == 14)
    assert not Command.objects.exists()


def test_a_broker_that_is_away_is_no_failure_of_the_pump(pipeline: Pipeline, pumps: Pumps) -> None:
    pipeline.mqtt.kill()
    command = ask(indoor_target_temp=23)
    eventually(lambda: "is away" in (pipeline.directory / "bridge-settings-outbox.log").read_text())
    assert retry_or_fail_overdue(timezone.now() + ECHO_WITHIN) == 0
    assert until(command, Status.PENDING).retry_count == 0
    pipeline.mqtt.start()

    def is_confirmed_in_the_end() -> bool:
        # The broker may have the write before the pump is back, and keeps nothing for it.
        retry_or_fail_overdue(timezone.now() + ECHO_WITHIN - timedelta(seconds=5))
        command.refresh_from_db()
        return command.status == Status.CONFIRMED

    eventually(is_confirmed_in_the_end, 60)


def test_the_workers_end_within_ten_seconds_when_asked(pipeline: Pipeline, pumps: Pumps) -> None:
    child = pipeline.workers["bridge-settings-outbox"]
    child.signal(15)
    assert child.wait(10)
    assert child.exit_status == 0

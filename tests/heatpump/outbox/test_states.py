"""From pending to confirmed or failed: what happens to commands, whatever the pump does."""

from datetime import timedelta

import pytest

from heatpump.models import Change, Command, Publication, Write
from heatpump.outbox import services as outbox
from heatpump.outbox.services import ECHO_WITHIN, TURN, WRITES_A_DAY
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.services import NotFailedError, ask_again
from tests.heatpump.scripted import DEVICE, Clock, ScriptedPump, new_pump, state_of

PATIENCE = ECHO_WITHIN.total_seconds() + 1


def test_a_command_is_pending_then_published_then_confirmed(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=22)
    assert state_of(command) == ("pending", "")
    assert pump.publish() == [("indoor_target_temp", 22)]
    assert state_of(command) == ("published", "")
    pump.read()
    assert state_of(command) == ("confirmed", "")
    assert command.published_at and command.confirmed_at
    assert command.created_at < command.published_at <= command.confirmed_at
    setting = pump.setting("indoor_target_temp")
    assert (setting.confirmed, setting.wanted) == (22, None)


def test_only_what_was_asked_for_is_published_and_only_once(pump: ScriptedPump) -> None:
    pump.ask(curve=41, heatstop=None)
    assert pump.publish() == [("curve", 41)]
    pump.read()
    assert pump.publish() == []


def test_what_is_wanted_and_what_is_confirmed_are_kept_apart(pump: ScriptedPump) -> None:
    pump.ask(curve_plus_5=-3)
    setting = pump.setting("curve_plus_5")
    assert (setting.confirmed, setting.wanted, setting.value) == (0, -3, -3)


def test_a_reading_that_was_taken_before_a_write_does_not_confirm_it(pump: ScriptedPump, clock: Clock) -> None:
    pump.ignores_writes = True
    command = pump.ask(indoor_target_temp=22)
    taken = clock.now
    clock.go_on(2)
    pump.publish()
    pump.read(taken_at=taken, indoor_target_temp=22)
    assert state_of(command) == ("published", "")


def test_the_echo_of_a_pump_that_answers_at_once_counts(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    publication = outbox.claim(clock.now)
    assert publication
    clock.go_on(0.005)
    pump.read(indoor_target_temp=22)
    assert state_of(command) == ("confirmed", "")
    outbox.mark_published(publication, clock.go_on(0.005))
    assert state_of(command) == ("confirmed", "")
    assert command.published_at is not None


@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_clock_that_is_off_is_judged_as_if_it_were_right(pump: ScriptedPump, clock: Clock, minutes: int) -> None:
    pump.ahead = timedelta(minutes=minutes)
    for _ in range(9):
        pump.read()
        clock.go_on(30)
    command = pump.ask(indoor_target_temp=22)
    taken = clock.now - timedelta(seconds=3)
    pump.publish()
    clock.go_on(0.1)
    pump.read(taken_at=taken)
    assert state_of(command) == ("published", "")
    clock.go_on(1)
    pump.read()
    assert state_of(command) == ("confirmed", "")


def test_a_clock_that_is_set_back_is_believed_again_before_the_command_fails(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.publish()
    pump.ahead = timedelta(hours=-1)
    for _ in range(10):
        pump.read()
        pump.retry()
        pump.publish()
        clock.go_on(30)
    assert state_of(command) == ("confirmed", "")


def test_a_reading_that_comes_again_changes_nothing(pump: ScriptedPump, clock: Clock) -> None:
    pump.read(mode=2)
    earlier = clock.now - timedelta(seconds=20)
    confirm_from_reading(Echo(device_id=DEVICE, ts=earlier, received_at=earlier, values={"mode": 4}), clock.now)
    assert pump.setting("mode").confirmed == 2


def test_an_echo_with_another_value_does_not_confirm(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.publish()
    pump.read(indoor_target_temp=21)
    assert state_of(command) == ("published", "")
    assert pump.setting("indoor_target_temp").confirmed == 21


def test_a_silent_pump_gets_a_command_four_times_and_then_it_fails(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    for _ in range(4):
        assert pump.publish() == [("indoor_target_temp", 22)]
        clock.go_on(PATIENCE)
        assert pump.retry() == 1
    assert pump.publish() == []
    assert state_of(command) == ("failed", "no_echo")
    assert (command.retry_count, command.max_retries) == (3, 3)
    assert "no reading" in command.error_message
    assert pump.setting("indoor_target_temp").value == 20


def test_a_pump_that_ignores_writes_makes_a_command_fail_with_its_other_value(pump: ScriptedPump, clock: Clock) -> None:
    pump.ignores_writes = True
    command = pump.ask(indoor_target_temp=22)
    for _ in range(4):
        pump.publish()
        clock.go_on(PATIENCE)
        pump.read()
        pump.retry()
    assert state_of(command) == ("failed", "other_value")
    assert command.error_message == "The pump shows indoor_target_temp as 20, not as 22."


def test_nothing_is_retried_before_its_time(pump: ScriptedPump, clock: Clock) -> None:
    pump.ask(indoor_target_temp=22)
    pump.publish()
    clock.go_on(PATIENCE - 2)
    assert pump.retry() == 0


def test_an_echo_after_a_retry_confirms(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.publish()
    clock.go_on(PATIENCE)
    pump.retry()
    assert state_of(command) == ("pending", "")
    pump.publish()
    clock.go_on(1)
    pump.read()
    assert state_of(command) == ("confirmed", "")
    assert command.retry_count == 1


def test_a_newer_command_supersedes_an_older_one_of_the_same_setting(pump: ScriptedPump) -> None:
    older = pump.ask(indoor_target_temp=22)
    newer = pump.ask(indoor_target_temp=23)
    assert state_of(older) == ("failed", "superseded")
    assert str(newer.pk) in older.error_message
    assert pump.publish() == [("indoor_target_temp", 23)]
    pump.read()
    assert state_of(newer) == ("confirmed", "")


def test_a_command_that_was_overtaken_in_part_does_the_rest_and_is_not_confirmed(pump: ScriptedPump) -> None:
    older = pump.ask(curve=41, heatstop=18)
    newer = pump.ask(curve=42)
    assert state_of(older) == ("pending", "")
    assert pump.publish() == [("heatstop", 18), ("curve", 42)]
    pump.read()
    assert state_of(older) == ("failed", "superseded")
    assert older.error_message == f"curve: command {newer.pk} is newer."
    assert state_of(newer) == ("confirmed", "")


def test_a_command_fails_if_any_of_its_settings_does(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(curve=41, heatstop=18)
    for _ in range(4):
        pump.publish()
        clock.go_on(PATIENCE)
        pump.read(curve=40)
        pump.retry()
    assert state_of(command) == ("failed", "other_value")
    assert "heatstop" not in command.error_message
    assert pump.setting("heatstop").confirmed == 18


def test_a_value_that_the_pump_confirmed_is_not_written_again(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=20)
    assert state_of(command) == ("confirmed", "")
    assert pump.publish() == []
    assert not pump.row.settings.exclude(wanted=None).exists()


def test_taking_back_what_never_went_out_needs_no_write(pump: ScriptedPump) -> None:
    older, newer = pump.ask(indoor_target_temp=22), pump.ask(indoor_target_temp=20)
    assert state_of(older) == ("failed", "superseded")
    assert state_of(newer) == ("confirmed", "")
    assert pump.publish() == []


def test_taking_back_what_went_out_is_written(pump: ScriptedPump) -> None:
    pump.ask(indoor_target_temp=22)
    pump.publish()
    newer = pump.ask(indoor_target_temp=20)
    assert pump.publish() == [("indoor_target_temp", 20)]
    pump.read()
    assert state_of(newer) == ("confirmed", "")


def test_taking_back_what_the_pump_has_not_taken_yet_is_written(pump: ScriptedPump) -> None:
    pump.ignores_writes = True
    pump.ask(indoor_target_temp=22)
    pump.publish()
    pump.read()
    pump.ask(indoor_target_temp=20)
    assert pump.publish() == [("indoor_target_temp", 20)]


def test_what_a_pump_ignores_for_long_is_no_longer_on_its_way(pump: ScriptedPump, clock: Clock) -> None:
    pump.ignores_writes = True
    pump.ask(indoor_target_temp=22)
    pump.publish()
    clock.go_on(PATIENCE)
    pump.read()
    pump.ask(indoor_target_temp=20)
    assert pump.publish() == []


def test_what_a_cancelled_command_may_have_written_is_not_taken_for_confirmed(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.publish()
    outbox.cancel(command, cancelled_by="bob", now=pump.clock.now)
    pump.ask(indoor_target_temp=20)
    assert pump.publish() == [("indoor_target_temp", 20)]


def test_a_value_that_was_set_at_the_pump_meanwhile_is_not_written(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.read(indoor_target_temp=22)
    assert state_of(command) == ("pending", "")
    assert pump.publish() == []
    assert state_of(command) == ("confirmed", "")


def test_a_change_at_the_pump_shows_with_the_next_reading(pump: ScriptedPump) -> None:
    before = pump.row.updated_at
    pump.read(mode=2)
    assert pump.setting("mode").value == 2
    assert pump.row.updated_at > before
    change = Change.objects.get()
    assert (change.before, change.after, change.command) == (1, 2, None)


def test_a_change_at_the_pump_while_a_command_is_under_way_loses(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.publish()
    pump.registers["indoor_target_temp"] = 25
    clock.go_on(1)
    pump.read()
    assert pump.setting("indoor_target_temp").confirmed == 25
    clock.go_on(PATIENCE)
    pump.retry()
    pump.publish()
    clock.go_on(1)
    pump.read()
    assert state_of(command) == ("confirmed", "")
    changes = [(change.before, change.after, change.command) for change in Change.objects.order_by("pk")]
    assert changes == [(20, 25, None), (25, 22, command)]


def test_a_cancelled_command_is_not_published(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=22)
    outbox.cancel(command, cancelled_by="bob", now=pump.clock.now)
    assert state_of(command) == ("failed", "cancelled")
    assert command.error_message == "Cancelled by bob."
    assert pump.publish() == []
    assert pump.setting("indoor_target_temp").wanted is None
    with pytest.raises(outbox.NotUnderWayError):
        outbox.cancel(command, cancelled_by="bob", now=pump.clock.now)


def test_asking_again_is_a_new_command_for_what_failed(pump: ScriptedPump) -> None:
    command = pump.ask(indoor_target_temp=22)
    with pytest.raises(NotFailedError):
        ask_again(command, requested_by="bob")
    outbox.cancel(command, cancelled_by="bob", now=pump.clock.now)
    again = ask_again(command, requested_by="bob")
    assert (again.payload, again.requested_by) == ({"indoor_target_temp": 22}, "bob")
    assert state_of(command) == ("failed", "cancelled")


def test_no_setting_is_written_more_than_fifty_times_in_a_day(pump: ScriptedPump, clock: Clock) -> None:
    for n in range(WRITES_A_DAY):
        pump.ask(indoor_target_temp=21 + n % 2)
        assert len(pump.publish()) == 1
        clock.go_on(60)
        pump.read()
    command = pump.ask(indoor_target_temp=25, curve=41)
    assert pump.publish() == [("curve", 41)]
    pump.read()
    assert state_of(command) == ("failed", "write_limit")
    assert pump.setting("indoor_target_temp").value == 22
    clock.go_on(24 * 3600)
    again = ask_again(command, requested_by="alice")
    assert pump.publish() == [("indoor_target_temp", 25)]
    assert again.payload == {"indoor_target_temp": 25}


def test_a_worker_that_is_killed_leaves_a_write_that_is_taken_again(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    assert outbox.claim(clock.now)
    assert outbox.claim(clock.now) is None
    clock.go_on(TURN.total_seconds())
    assert pump.publish() == [("indoor_target_temp", 22)]
    assert state_of(command) == ("published", "")
    assert Publication.objects.count() == 2


def test_the_turn_of_another_worker_is_not_ended(pump: ScriptedPump, clock: Clock) -> None:
    pump.ask(indoor_target_temp=22)
    slow = outbox.claim(clock.now)
    clock.go_on(TURN.total_seconds())
    assert slow and outbox.claim(clock.now)
    pump.ask(curve=41)
    outbox.mark_published(slow, clock.now)
    assert outbox.claim(clock.now) is None


def test_the_next_write_of_a_pump_waits_and_that_of_another_does_not(pump: ScriptedPump, clock: Clock) -> None:
    other = new_pump(clock, "cellar")
    pump.ask(indoor_target_temp=22, curve=41)
    other.ask(curve=42)
    first, second = outbox.claim(clock.now), outbox.claim(clock.now)
    assert first and second
    assert (first.write.value, second.write.value) == (22, 42)
    assert outbox.claim(clock.now) is None
    outbox.mark_published(first, clock.now)
    third = outbox.claim(clock.now)
    assert third and third.write.value == 41


def test_a_newer_value_waits_until_the_older_is_no_longer_on_its_way(pump: ScriptedPump, clock: Clock) -> None:
    pump.ask(indoor_target_temp=22)
    on_its_way = outbox.claim(clock.now)
    assert on_its_way
    pump.ask(indoor_target_temp=23)
    assert outbox.claim(clock.now) is None
    outbox.mark_published(on_its_way, clock.now)
    assert pump.publish() == [("indoor_target_temp", 23)]


@pytest.mark.parametrize(("sent", "counted"), [(False, 0), (True, 1)])
def test_what_the_broker_did_not_take_stays_pending(pump: ScriptedPump, clock: Clock, sent: bool, counted: int) -> None:
    command = pump.ask(indoor_target_temp=22)
    publication = outbox.claim(clock.now)
    assert publication
    outbox.mark_unpublished(publication, sent=sent)
    assert state_of(command) == ("pending", "")
    assert Publication.objects.count() == counted
    assert pump.publish() == [("indoor_target_temp", 22)]


def test_a_curve_is_raised_from_its_maximum_and_lowered_from_its_minimum(pump: ScriptedPump) -> None:
    pump.ask(curve_min=50, curve_max=60)
    assert pump.publish() == [("curve_max", 60), ("curve_min", 50)]
    pump.read()
    pump.ask(curve_min=5, curve_max=10)
    assert pump.publish() == [("curve_min", 5), ("curve_max", 10)]


def test_a_setting_that_a_reading_lacks_stays_as_it_is(pump: ScriptedPump) -> None:
    del pump.registers["mode"]
    pump.read()
    assert pump.setting("mode").confirmed == 1


def test_a_value_that_came_after_its_command_had_failed_is_from_that_command(pump: ScriptedPump, clock: Clock) -> None:
    command = pump.ask(indoor_target_temp=22)
    pump.publish()
    outbox.cancel(command, cancelled_by="bob", now=clock.now)
    clock.go_on(30)
    pump.read()
    assert Change.objects.get().command == command
    pump.read(indoor_target_temp=23)
    assert Change.objects.latest("pk").command is None


def test_a_clock_of_ours_that_was_ahead_stops_no_readings(pump: ScriptedPump, clock: Clock) -> None:
    clock.go_on(3600)
    pump.read()
    clock.go_on(-3600 + 30)
    pump.read(mode=2)
    assert pump.setting("mode").confirmed == 2


def test_nothing_is_left_of_what_is_not_asked(pump: ScriptedPump) -> None:
    assert not Command.objects.exists()
    assert not Write.objects.exists()

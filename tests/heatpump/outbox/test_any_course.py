"""Whatever happens, in whatever order: each command ends, and the pump holds the newest value of each setting."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from heatpump.models import Command, Publication, Setting, Write
from heatpump.outbox import services as outbox
from heatpump.outbox.models import UNDER_WAY, Reason, Status
from heatpump.outbox.services import ECHO_WITHIN, TURN, WRITES_A_DAY
from heatpump.settings.services import change_settings
from tests.heatpump.scripted import Clock, new_pump

NAMES = ("mode", "curve_zero")
VALUES = st.integers(0, 2)


class Course(RuleBasedStateMachine):
    """A pump, a worker and people, each of which does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        with ExitStack() as undo:
            undo.enter_context(rolled_back())
            undo.enter_context(patch.object(timezone, "now", lambda: self.clock.now))
            self.pump = new_pump(self.clock)
            # Also where a pump cannot be made, nothing is left for the next course.
            self.undo = undo.pop_all()
        self.on_its_way: Publication | None = None
        self.newest: dict[str, int] = {}

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.undo.close()

    @rule(changes=st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1))
    def somebody_asks(self, changes: dict[str, int]) -> None:
        change_settings(self.pump.device_id, changes, requested_by="alice")
        for name, value in changes.items():
            # What the pump is known to hold is not written, even if nobody knows yet that a knob was turned.
            if self.pump.setting(name).wanted == value or self.pump.registers[name] == value:
                self.newest[name] = value
            else:
                self.newest.pop(name, None)

    @precondition(lambda self: self.on_its_way is None)
    @rule(late=st.booleans())
    def a_worker_publishes(self, late: bool) -> None:
        self.on_its_way = outbox.claim(self.clock.now)
        if self.on_its_way and not late:
            self.the_pump_gets_the_write()

    @precondition(lambda self: self.on_its_way)
    @rule()
    def the_pump_gets_the_write(self) -> None:
        assert self.on_its_way
        self.pump.registers[self.on_its_way.setting.name] = self.on_its_way.write.value

    @precondition(lambda self: self.on_its_way)
    @rule()
    def the_broker_acknowledges(self) -> None:
        assert self.on_its_way
        outbox.mark_published(self.on_its_way, self.clock.now)
        self.on_its_way = None

    @precondition(lambda self: self.on_its_way)
    @rule()
    def the_worker_is_killed(self) -> None:
        self.on_its_way = None
        self.clock.go_on(TURN.total_seconds())

    @rule()
    def the_pump_sends_a_reading(self) -> None:
        self.pump.read()

    @rule(name=st.sampled_from(NAMES), value=VALUES)
    def somebody_turns_a_knob(self, name: str, value: int) -> None:
        self.pump.registers[name] = value
        self.newest.pop(name, None)

    @rule(seconds=st.sampled_from([1, 30, 121]))
    def time_passes(self, seconds: int) -> None:
        if self.on_its_way is None:
            self.clock.go_on(seconds)
            self.pump.retry()

    @rule(number=st.integers(0, 3))
    def somebody_cancels(self, number: int) -> None:
        under_way = Command.objects.filter(status__in=UNDER_WAY)[number : number + 1]
        for command in under_way:
            outbox.cancel(command, cancelled_by="bob", now=self.clock.now)
            for name in command.payload:
                self.newest.pop(name, None)

    @invariant()
    def what_is_wanted_is_what_is_under_way(self) -> None:
        under_way = Write.objects.filter(status__in=UNDER_WAY).values_list("setting__name", "value")
        wanted = Setting.objects.exclude(wanted=None).values_list("name", "wanted")
        assert dict(under_way) == dict(wanted)

    @invariant()
    def a_command_is_under_way_while_a_write_of_it_is(self) -> None:
        by_writes = set(Write.objects.filter(status__in=UNDER_WAY).values_list("command", flat=True))
        assert set(Command.objects.filter(status__in=UNDER_WAY).values_list("pk", flat=True)) == by_writes

    @invariant()
    def no_setting_is_written_too_often(self) -> None:
        counts = Publication.objects.values_list("setting").annotate(Count("pk"))
        assert all(count <= WRITES_A_DAY for _, count in counts)

    def settle(self) -> None:
        """Let the pump do what it is told from now on."""
        self.on_its_way = None
        self.clock.go_on(TURN.total_seconds())
        for _ in range(2):
            self.pump.publish()
            self.clock.go_on(ECHO_WITHIN.total_seconds())
            self.pump.read()
            self.pump.retry()
        assert not Command.objects.filter(status__in=UNDER_WAY).exists()
        assert not Command.objects.filter(status=Status.FAILED, reason="").exists()
        for name, value in self.newest.items():
            last = Write.objects.filter(setting__name=name).latest("pk")
            held = (self.pump.registers[name], self.pump.setting(name).confirmed)
            assert held == (value, value) or last.reason in {Reason.NO_ECHO, Reason.OTHER_VALUE}, name


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_whatever_happens_each_command_ends_and_the_newest_value_holds() -> None:
    run_state_machine_as_test(
        Course,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            # Making a failure shorter would take minutes: each try goes to the database.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )

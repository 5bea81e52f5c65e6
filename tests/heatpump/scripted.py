"""A heat pump whose readings a test makes up, without brokers, and a clock that the test sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from heatpump.models import Command, HeatPump, Setting
from heatpump.outbox import services as outbox
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.services import change_settings

DEVICE = "thermiq_heatpump"
TRANSIT = timedelta(milliseconds=50)
START = datetime(2026, 11, 1, 12, 0, 0, 300_000, tzinfo=UTC)
HELD: Mapping[str, int] = {
    "indoor_target_temp": 20,
    "mode": 1,
    "curve": 40,
    "curve_min": 20,
    "curve_max": 45,
    "curve_plus_5": 0,
    "curve_zero": 0,
    "curve_minus_5": 0,
    "heatstop": 17,
    "integral_setting": 60,
}
"""What the pump is set to at first."""


@dataclass
class Clock:
    """The time that the services take for now."""

    now: datetime = START

    def go_on(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class ScriptedPump:
    """A pump that takes what is published to it, unless it is told to ignore that.

    Its own clock is `ahead` of ours, and shows whole seconds.
    """

    clock: Clock
    device_id: str = DEVICE
    ahead: timedelta = timedelta(0)
    registers: dict[str, int] = field(default_factory=lambda: dict(HELD))
    ignores_writes: bool = False

    def ask(self, by: str = "alice", **changes: object) -> Command:
        return change_settings(self.device_id, changes, requested_by=by)

    def publish(self) -> list[tuple[str, int]]:
        """Publish all that is due; return what it was."""
        published = []
        while (publication := outbox.claim(self.clock.now)) is not None:
            name, value = publication.setting.name, publication.write.value
            published.append((name, value))
            if not self.ignores_writes:
                self.registers[name] = value
            outbox.mark_published(publication, self.clock.go_on(0.01))
        return published

    def read(self, *, taken_at: datetime | None = None, **others: int) -> None:
        """Send a reading, which is taken now unless it has waited, and counts a moment after its receipt."""
        received_at = self.clock.now
        ts = ((taken_at or received_at) + self.ahead).replace(microsecond=0)
        values = {**self.registers, **others}
        confirm_from_reading(
            Echo(device_id=self.device_id, ts=ts, received_at=received_at, values=values), received_at + TRANSIT
        )

    def retry(self) -> int:
        return outbox.retry_or_fail_overdue(self.clock.now)

    def setting(self, name: str) -> Setting:
        return Setting.objects.get(pump__device_id=self.device_id, name=name)

    @property
    def row(self) -> HeatPump:
        return HeatPump.objects.get(device_id=self.device_id)


def new_pump(clock: Clock, device_id: str = DEVICE) -> ScriptedPump:
    """Return a pump that has sent its first reading."""
    pump = ScriptedPump(clock, device_id)
    pump.read()
    clock.go_on(30)
    return pump


def state_of(command: Command) -> tuple[str, str]:
    command.refresh_from_db()
    return command.status, command.reason


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def pump(clock: Clock, db: None) -> ScriptedPump:
    return new_pump(clock)

"""Keeping settings true from readings, and confirming commands by what a reading echoes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from heatpump.outbox.models import UNDER_WAY, Command, Write
from heatpump.outbox.services import ECHO_WITHIN, confirm
from heatpump.settings.lag import Lag, is_taken_after, observe
from heatpump.settings.models import Change, HeatPump, Setting
from heatpump.settings.pumps import hold, known_pump, settings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What a reading shows of a pump's settings; a setting that it lacks is absent or None.

    `ts` is the pump's own time, or that of receipt if it has none, and `received_at` when the bridge received it.
    """

    device_id: str
    ts: datetime
    received_at: datetime
    values: Mapping[str, int | None]


@transaction.atomic
def confirm_from_reading(echo: Echo, now: datetime) -> None:
    """Take a pump's settings from a reading, and confirm the writes whose values it shows.

    Only a reading that was taken after a write was first sent can confirm it. A reading that was received before the
    newest one changes nothing, so the same readings can be taken again. A pump that was not known is from now on.
    """
    pump = hold(known_pump(echo.device_id, echo.received_at).pk)
    # A clock of ours that was ahead has left a moment that is still to come, which must not stop all readings.
    if pump.heard_at is not None and echo.received_at < pump.heard_at <= now:
        return
    is_after = partial(is_taken_after, ts=echo.ts, received_at=echo.received_at, lag=_observe(pump, echo))
    under_way = Write.objects.filter(setting__pump=pump, status__in=UNDER_WAY).select_related("command", "setting")
    writes = {write.setting_id: write for write in under_way}
    values = {name: value for name, value in echo.values.items() if value is not None}
    shown = [setting for name, setting in settings_of(pump).items() if name in values]
    for setting in shown:
        value = values[setting.name]
        before = (setting.confirmed, setting.wanted)
        command = _judge(setting, writes.get(setting.pk), value, is_after, now)
        _take(setting, value, command, echo.ts)
        if before != (setting.confirmed, setting.wanted):
            pump.updated_at = now
    Setting.objects.bulk_update(shown, ["confirmed", "confirmed_at", "wanted", "written_at"])
    pump.save()


def _observe(pump: HeatPump, echo: Echo) -> Lag | None:
    before = None
    if pump.present_lag is not None and pump.earlier_lag is not None and pump.lag_since is not None:
        before = Lag(pump.present_lag, pump.earlier_lag, pump.lag_since)
    lag = observe(before, echo.ts, echo.received_at)
    if lag is not None:
        pump.present_lag, pump.earlier_lag, pump.lag_since = lag.present, lag.before, lag.since
    pump.heard_at = echo.received_at
    return lag


def _judge(
    setting: Setting, write: Write | None, value: int, is_after: Callable[[datetime], bool], now: datetime
) -> Command | None:
    """Hold a value against what was written to the setting; return the command that the value is from."""
    last = _last_sent(setting, is_after)
    # Until the pump has had its time, another value may only mean that it has not taken the write yet.
    if setting.written_at and last and (value == last.value or is_after(setting.written_at + ECHO_WITHIN)):
        setting.written_at = None
    if write is not None and write.sent_at is not None and is_after(write.sent_at):
        if value == write.value:
            confirm(write, now)
            setting.wanted = None
            return write.command
        write.echoed = value
        write.save()
    return last.command if last is not None and value == last.value else None


def _last_sent(setting: Setting, is_after: Callable[[datetime], bool]) -> Write | None:
    """Return the last write that was sent to a setting, if a reading is from after that and the pump may hold it."""
    if setting.written_at is None or not is_after(setting.written_at):
        return None
    return Write.objects.filter(publications__setting=setting).select_related("command").latest("publications__pk")


def _take(setting: Setting, value: int, command: Command | None, ts: datetime) -> None:
    if setting.confirmed is not None and setting.confirmed != value:
        Change.objects.create(setting=setting, changed_at=ts, before=setting.confirmed, after=value, command=command)
    setting.confirmed, setting.confirmed_at = value, ts

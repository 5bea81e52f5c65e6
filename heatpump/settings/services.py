"""Changing settings: the one way, for the API, the admin and the pages."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from heatpump.outbox.models import Command, Status
from heatpump.outbox.services import enqueue
from heatpump.settings.models import HeatPump, Setting
from heatpump.settings.pumps import hold, settings_of
from heatpump.settings.selectors import pump_settings
from heatpump.settings.validation import InvalidChangeError, NothingAskedError, check_changes, check_curve

__all__ = [
    "ANY_VERSION",
    "InvalidChangeError",
    "KeyUsedError",
    "NotFailedError",
    "NothingAskedError",
    "SettingsChangedError",
    "UnknownPumpError",
    "ask_again",
    "change_settings",
]

ANY_VERSION = "*"


class UnknownPumpError(Exception):
    """No reading of such a pump has come."""


class SettingsChangedError(Exception):
    """The settings are no longer those that the change was made from."""


class KeyUsedError(Exception):
    """An idempotency key came before, with another change."""


class NotFailedError(Exception):
    """A command has not failed, so there is nothing to ask for again."""


def change_settings(
    device_id: str,
    changes: Mapping[str, object],
    *,
    requested_by: str,
    idempotency_key: str | None = None,
    if_match: Collection[str] | None = None,
) -> Command:
    """Ask a pump to change settings, and return the command that carries it there.

    The change is checked as a whole, against the allowed ranges and what is set already; a setting that is None is
    left as it is. The same key from the same person gives the command that it gave before. `if_match` holds versions
    of the settings (see `heatpump.settings.selectors`) that the change may be made from.

    Raises InvalidChangeError, NothingAskedError, UnknownPumpError, SettingsChangedError and KeyUsedError; then nothing
    is written.
    """
    values = check_changes(changes)
    with transaction.atomic():
        pump = _held(device_id)
        if idempotency_key is not None:
            earlier = pump.commands.filter(requested_by=requested_by, idempotency_key=idempotency_key).first()
            if earlier is not None:
                return _same(earlier, values)
        if if_match is not None and not {pump_settings(pump).version, ANY_VERSION}.intersection(if_match):
            raise SettingsChangedError("The settings have changed since they were read.")
        return _change(pump, values, requested_by, idempotency_key)


def ask_again(command: Command, *, requested_by: str) -> Command:
    """Ask once more for what failed in a command, and return the new command.

    Raises NotFailedError, and what `change_settings` raises.
    """
    if command.status != Status.FAILED:
        raise NotFailedError(f"Command {command.pk} has not failed.")
    failed = command.writes.filter(status=Status.FAILED).select_related("setting")
    changes = {write.setting.name: write.value for write in failed}
    return change_settings(command.pump.device_id, changes, requested_by=requested_by)


def _held(device_id: str) -> HeatPump:
    pump = HeatPump.objects.filter(device_id=device_id).first()
    if pump is None:
        raise UnknownPumpError("There is no such heat pump.")
    return hold(pump.pk)


def _same(earlier: Command, values: Mapping[str, int]) -> Command:
    if earlier.payload != values:
        raise KeyUsedError("This idempotency key came before, with another change.")
    return earlier


def _change(pump: HeatPump, values: Mapping[str, int], requested_by: str, idempotency_key: str | None) -> Command:
    settings = settings_of(pump)
    check_curve(values, {name: setting.value for name, setting in settings.items()})
    before = {name: setting.wanted for name, setting in settings.items()}
    now = timezone.now()
    wanted = [(settings[name], values[name]) for name in _in_order(values, settings)]
    command = enqueue(pump, wanted, requested_by=requested_by, idempotency_key=idempotency_key, now=now)
    if before != {name: setting.wanted for name, setting in settings.items()}:
        pump.updated_at = now
        pump.save()
    return command


def _in_order(values: Mapping[str, int], settings: Mapping[str, Setting]) -> list[str]:
    """Order settings as their registers, but so that the pump never sees a curve whose maximum is below its minimum."""
    names = [name for name in settings if name in values]
    held = settings["curve_max"].confirmed
    if {"curve_min", "curve_max"} <= values.keys() and held is not None and values["curve_max"] > held:
        names.remove("curve_max")
        names.insert(names.index("curve_min"), "curve_max")
    return names

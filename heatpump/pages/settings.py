"""The settings as the page shows them, and the forms that change them, one for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from bridge.devices.thermiq_registers import SETTINGS
from bridge.devices.thermiq_registers import Setting as Register
from heatpump.outbox.models import Command, Status
from heatpump.outbox.selectors import commands_of_device
from heatpump.pages.words import MODES, SETTING_TITLES, UNITS, asked_for, outcome, quantity, setting_value
from heatpump.settings.models import HeatPump
from heatpump.settings.pumps import settings_of

UNIT_OF: Final = {register.name: UNITS.get(register.unit, "") for register in SETTINGS}


class SettingForm(forms.Form):
    """A new value for one setting."""

    def __init__(self, register: Register, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register = register
        field = _field(register)
        # The complaint can come without the rest of the page, so the field always says where it would be.
        parts = ("helptext", "error") if field.help_text else ("error",)
        field.widget.attrs["aria-describedby"] = " ".join(f"id_{register.name}_{part}" for part in parts)
        self.fields[register.name] = field

    @property
    def bound(self) -> forms.BoundField:
        return self[self.register.name]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting: what the pump holds, what is wanted of it while that is under way, and the form that changes it."""

    name: str
    title: str
    unit: str
    held: str
    wanted: str | None
    form: SettingForm


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command, in words."""

    command: Command
    asked: str
    outcome: str
    step: str
    """`waiting`, `sent`, `confirmed` or `failed`."""


STEPS: Final = {
    Status.PENDING: "waiting",
    Status.PUBLISHED: "sent",
    Status.CONFIRMED: "confirmed",
    Status.FAILED: "failed",
}


def setting_rows(pump: HeatPump, refused: SettingForm | None = None) -> list[SettingRow]:
    """Return the settings in the order of the registers; `refused` is a form that has errors to show."""
    settings = settings_of(pump)
    rows = []
    for register in SETTINGS:
        setting = settings[register.name]
        form = SettingForm(register, initial={register.name: setting.value})
        rows.append(
            SettingRow(
                name=register.name,
                title=str(SETTING_TITLES[register.name]),
                unit=UNIT_OF[register.name],
                held=setting_value(register.name, setting.confirmed),
                wanted=None if setting.wanted is None else setting_value(register.name, setting.wanted),
                form=refused if refused and refused.register is register else form,
            )
        )
    return rows


def command_rows(device_id: str) -> list[CommandRow]:
    """Return the newest commands, newest first."""
    return [
        CommandRow(command, asked_for(command.payload, UNIT_OF), outcome(command), STEPS[Status(command.status)])
        for command in commands_of_device(device_id)
    ]


def submitted_form(data: Mapping[str, Any]) -> SettingForm | None:
    """Return the form that was sent, or None if it is for no setting of ours."""
    register = next((register for register in SETTINGS if register.name in data), None)
    return None if register is None else SettingForm(register, data)


def range_words(register: Register) -> str:
    """Return what a setting may be."""
    highest = quantity(setting_value("", register.maximum), UNIT_OF[register.name])
    return _("%(lowest)s to %(highest)s") % {"lowest": setting_value("", register.minimum), "highest": highest}


def _field(register: Register) -> forms.Field:
    label = SETTING_TITLES[register.name]
    if register.name == "mode":
        modes: Sequence[tuple[int, Any]] = list(MODES.items())
        return forms.TypedChoiceField(choices=modes, coerce=int, label=label)
    return forms.IntegerField(
        min_value=register.minimum, max_value=register.maximum, label=label, help_text=range_words(register)
    )

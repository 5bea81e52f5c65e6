"""Settings as a person edits them."""

from typing import Any, Final

from django import forms

from bridge.devices.thermiq_registers import SETTINGS, Setting
from heatpump.settings.models import HeatPump
from heatpump.settings.pumps import settings_of
from heatpump.settings.validation import InvalidChangeError, check_changes, check_curve

MODES: Final = {0: "off", 1: "auto", 2: "heat pump only", 3: "electric heater only", 4: "hot water only"}


class SettingsFormBase(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    """A field for each setting. Only what a person has changed is asked for; an empty field asks for nothing.

    Each field is sent with what it showed at first, so a change at the pump meanwhile is not taken back.
    """

    class Meta:
        model = HeatPump
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = settings_of(self.instance)
        for name, field in self.fields.items():
            field.initial = self.rows[name].value

    @property
    def changes(self) -> dict[str, int | None]:
        """What is asked for, of a form that is valid."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        asked = {name: self.cleaned_data.get(name) for name in self.changed_data}
        try:
            if any(value is not None for value in asked.values()):
                check_curve(check_changes(asked), {name: row.value for name, row in self.rows.items()})
        except InvalidChangeError as error:
            for name, complaint in error.details.items():
                self.add_error(name, complaint)
        return cleaned


def _field(setting: Setting) -> forms.Field:
    if setting.name == "mode":
        choices = [(number, f"{number} {name}") for number, name in MODES.items()]
        return forms.TypedChoiceField(
            choices=[("", "leave as it is"), *choices],
            coerce=int,
            empty_value=None,
            required=False,
            show_hidden_initial=True,
        )
    return forms.IntegerField(
        min_value=setting.minimum, max_value=setting.maximum, required=False, show_hidden_initial=True
    )


SettingsForm: Final[type[SettingsFormBase]] = type(
    "SettingsForm", (SettingsFormBase,), {setting.name: _field(setting) for setting in SETTINGS}
)

"""Heat pumps for people: their settings, to look at and to change, and what has changed at them."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from bridge.devices.thermiq_registers import SETTINGS
from heatpump.settings.forms import MODES, SettingsForm, SettingsFormBase
from heatpump.settings.models import Change, HeatPump, Setting
from heatpump.settings.pumps import settings_of
from heatpump.settings.services import InvalidChangeError, change_settings
from homelab_site.admin import ReadOnlyAdmin


@dataclass(frozen=True, slots=True)
class Row:
    """A setting on the page of a pump; `field` is None for who may only look."""

    setting: Setting
    allowed: str
    unit: str
    field: BoundField | None

    @property
    def held(self) -> str:
        return _shown(self.setting, self.setting.confirmed)

    @property
    def wanted(self) -> str:
        return _shown(self.setting, self.setting.wanted)


@admin.register(HeatPump)
class HeatPumpAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    form = SettingsForm
    list_display = ("device_id", "under_way", "heard", "changed")
    search_fields = ("device_id",)
    actions = None

    class Media:
        css = {"all": ("heatpump/settings-admin.css",)}  # noqa: RUF012 - as in Django's own

    @admin.display(description="not confirmed yet")
    def under_way(self, pump: HeatPump) -> str:
        return ", ".join(setting.name for setting in pump.settings.exclude(wanted=None))

    @admin.display(description="last reading", ordering="heard_at")
    def heard(self, pump: HeatPump) -> str:
        return "" if pump.heard_at is None else timezone.localtime(pump.heard_at).isoformat(" ", "seconds")

    @admin.display(description="last change", ordering="updated_at")
    def changed(self, pump: HeatPump) -> str:
        return timezone.localtime(pump.updated_at).isoformat(" ", "seconds")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: HeatPump | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: HeatPump | None = None) -> list[Any]:
        # Those who may only look have no form; the page's own rows show the settings.
        return [setting.name for setting in SETTINGS] if self.has_change_permission(request, obj) else []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        pump, form = kwargs["obj"], context["adminform"].form
        may_change = self.has_change_permission(request, pump)
        context["rows"] = _rows(pump, form if may_change else None)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: HeatPump, form: SettingsFormBase, change: bool) -> None:
        """Ask the pump for what was changed; the row itself is the settings worker's."""
        changes = {name: value for name, value in form.changes.items() if value is not None}
        if not changes:
            self.message_user(request, "Nothing was asked for.", messages.WARNING)
            return
        try:
            command = change_settings(obj.device_id, changes, requested_by=request.user.get_username())
        except InvalidChangeError as error:
            # The form was right for the settings of a moment ago.
            self.message_user(request, f"Nothing was changed. {error}", messages.ERROR)
        else:
            self.message_user(request, f"Command {command.pk} is {command.get_status_display().lower()}.")

    def response_change(self, request: HttpRequest, obj: HeatPump) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:heatpump_heatpump_change", args=[obj.pk]))


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ("moment", "pump", "setting", "before", "after", "by", "command")
    list_filter = ("setting__pump", "setting__name", "changed_at")
    list_select_related = ("setting__pump", "command")
    ordering = ("-pk",)

    @admin.display(description="changed at", ordering="changed_at")
    def moment(self, change: Change) -> str:
        return timezone.localtime(change.changed_at).isoformat(" ", "seconds")

    @admin.display
    def pump(self, change: Change) -> str:
        return str(change.setting.pump)

    @admin.display
    def by(self, change: Change) -> str:
        return "at the pump" if change.command is None else change.command.requested_by


def _rows(pump: HeatPump, form: SettingsFormBase | None) -> list[Row]:
    rows = settings_of(pump)
    return [
        Row(
            setting=rows[setting.name],
            allowed=f"{setting.minimum} to {setting.maximum}",
            unit=setting.unit,
            field=None if form is None else form[setting.name],
        )
        for setting in SETTINGS
    ]


def _shown(setting: Setting, value: int | None) -> str:
    if value is None:
        return ""
    return f"{value} {MODES.get(value, '')}".strip() if setting.name == "mode" else str(value)

from django.contrib import admin

from homelab_site.admin import ReadOnlyAdmin
from telemetry.days.models import DaySummary


@admin.register(DaySummary)
class DaySummaryAdmin(ReadOnlyAdmin):
    list_display = (
        *("day", "energy_kwh", "energy_readings", "heatpump_readings", "temperature_readings"),
        *("dead_letters", "commands_confirmed", "commands_failed", "made_at"),
    )
    date_hierarchy = "day"

from django.contrib import admin

from homelab_site.admin import ReadingAdmin, ReadOnlyAdmin, register_readings
from telemetry.days import admin as days  # noqa: F401 - registers the summaries
from telemetry.deadletters import admin as deadletters  # noqa: F401 - registers the dead letters
from telemetry.models import SchemaMigration, TemperatureReading


class TemperatureReadingAdmin(ReadingAdmin):
    search_fields = ("location__exact",)
    search_help_text = "The whole name of a location."


register_readings(TemperatureReading, TemperatureReadingAdmin)


@admin.register(SchemaMigration)
class SchemaMigrationAdmin(ReadOnlyAdmin):
    list_display = ("version", "name", "applied_at")
    ordering = ("-version",)

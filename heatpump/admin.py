from heatpump.models import HeatpumpStatus
from heatpump.outbox import admin as outbox  # noqa: F401 - registers the commands
from heatpump.settings import admin as settings  # noqa: F401 - registers the pumps and their changes
from homelab_site.admin import ReadingAdmin, register_readings


class HeatpumpStatusAdmin(ReadingAdmin):
    search_fields = ("device_id__exact",)
    search_help_text = "The whole id of a heat pump."


register_readings(HeatpumpStatus, HeatpumpStatusAdmin)

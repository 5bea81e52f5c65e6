from energy.models import EnergyConsumption
from homelab_site.admin import ReadingAdmin, register_readings


class EnergyConsumptionAdmin(ReadingAdmin):
    search_fields = ("device_serial__exact",)
    search_help_text = "The whole serial number of a meter."


register_readings(EnergyConsumption, EnergyConsumptionAdmin)

"""Heat pumps: their settings and commands, and what they measured, which only the sink writes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from heatpump.outbox.models import Command, Publication, Turn, Write
from heatpump.settings.models import Change, HeatPump, Setting

__all__ = ["Change", "Command", "HeatPump", "HeatpumpStatus", "Publication", "Setting", "Turn", "Write"]


class HeatpumpStatus(models.Model):
    """One reading of one heat pump, a row of the telemetry database.

    Temperatures in degC, run times in h, pump speed in percent, integral in degC min; `alarms` are the names of
    those that are on.
    """

    pk = models.CompositePrimaryKey("device_id", "time")
    time = models.DateTimeField()
    device_id = models.TextField()
    outdoor_temp = models.FloatField(null=True)
    supplyline_temp = models.FloatField(null=True)
    returnline_temp = models.FloatField(null=True)
    hotwater_temp = models.FloatField(null=True)
    brine_out_temp = models.FloatField(null=True)
    brine_in_temp = models.FloatField(null=True)
    indoor_temp = models.FloatField(null=True)
    flowlinepump_speed = models.IntegerField(null=True)
    runtime_compressor = models.IntegerField(null=True)
    runtime_hotwater = models.IntegerField(null=True)
    runtime_3kw = models.IntegerField(null=True)
    runtime_6kw = models.IntegerField(null=True)
    brinepump_on = models.BooleanField(null=True)
    compressor_on = models.BooleanField(null=True)
    flowlinepump_on = models.BooleanField(null=True)
    hotwater_production = models.BooleanField(null=True)
    aux_heater_3kw_on = models.BooleanField(null=True)
    aux_heater_6kw_on = models.BooleanField(null=True)
    integral = models.IntegerField(null=True)
    alarms = ArrayField(models.TextField(), null=True)

    class Meta:
        managed = False
        db_table = "heatpump_status"
        verbose_name = "heat pump reading"

    def __str__(self) -> str:
        return f"{self.device_id} at {self.time:%Y-%m-%d %H:%M:%S %Z}"

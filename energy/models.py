"""What electricity meters measured: rows of the telemetry database, which only the sink writes."""

from django.db import models


class EnergyConsumption(models.Model):
    """One reading of one meter.

    Power in W, energy counters in Wh, voltage in V, current in mA, power factor in percent, signal in dBm.
    """

    pk = models.CompositePrimaryKey("device_serial", "time")
    time = models.DateTimeField()
    device_serial = models.TextField()
    meter_type = models.TextField(null=True)  # noqa: DJ001 - as in the table: null is unknown
    wifi_rssi = models.IntegerField(null=True)
    active_power_total = models.IntegerField(null=True)
    active_power_l1 = models.IntegerField(null=True)
    active_power_l2 = models.IntegerField(null=True)
    active_power_l3 = models.IntegerField(null=True)
    active_production_total = models.IntegerField(null=True)
    active_energy_total = models.BigIntegerField(null=True)
    active_energy_production = models.BigIntegerField(null=True)
    voltage_l1 = models.FloatField(null=True)
    voltage_l2 = models.FloatField(null=True)
    voltage_l3 = models.FloatField(null=True)
    current_l1 = models.IntegerField(null=True)
    current_l2 = models.IntegerField(null=True)
    current_l3 = models.IntegerField(null=True)
    power_factor = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "energy_consumption"
        verbose_name = "meter reading"

    def __str__(self) -> str:
        return f"{self.device_serial} at {self.time:%Y-%m-%d %H:%M:%S %Z}"

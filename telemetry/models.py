"""Dead letters, summaries, and those tables of the telemetry database that no other app has, which are read only."""

from django.db import models

from telemetry.days.models import DaySummary
from telemetry.deadletters.models import DeadLetter

__all__ = ["DaySummary", "DeadLetter", "SchemaMigration", "TemperatureReading"]


class TemperatureReading(models.Model):
    """One reading of one room or outdoor sensor.

    Temperature in degC and degF, humidity and battery in percent, battery voltage in V, uptime in s, free memory in
    bytes, wind in m/s, pressure in hPa, signal in dBm.
    """

    pk = models.CompositePrimaryKey("device_id", "time")
    time = models.DateTimeField()
    device_id = models.TextField()
    mac_address = models.TextField(null=True)  # noqa: DJ001 - as in the table: null is unknown
    location = models.TextField(null=True)  # noqa: DJ001 - as in the table: null is unknown
    temperature_c = models.FloatField(null=True)
    temperature_f = models.FloatField(null=True)
    humidity = models.FloatField(null=True)
    wifi_rssi = models.IntegerField(null=True)
    battery_voltage = models.FloatField(null=True)
    battery_percent = models.IntegerField(null=True)
    external_power = models.BooleanField(null=True)
    uptime = models.BigIntegerField(null=True)
    ram_free = models.BigIntegerField(null=True)
    wind_speed_ms = models.FloatField(null=True)
    pressure_hpa = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "temperature_sensors"
        verbose_name = "temperature reading"

    def __str__(self) -> str:
        return f"{self.device_id} at {self.time:%Y-%m-%d %H:%M:%S %Z}"


class SchemaMigration(models.Model):
    """A migration of the telemetry database that was applied."""

    version = models.IntegerField(primary_key=True)
    name = models.TextField()
    applied_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "schema_migrations"
        verbose_name = "schema migration"

    def __str__(self) -> str:
        return f"{self.version:03}_{self.name}"

"""A day of the house in one row."""

from django.db import models


class DaySummary(models.Model):
    """How a day went, in the house's time zone: what was stored, used, refused and asked of the heat pump.

    `energy_kwh` is null where no meter was read. What people cancelled or overtook is no failed command.
    """

    day = models.DateField(unique=True)
    energy_readings = models.PositiveBigIntegerField()
    heatpump_readings = models.PositiveBigIntegerField()
    temperature_readings = models.PositiveBigIntegerField()
    energy_kwh = models.FloatField(null=True)
    dead_letters = models.PositiveBigIntegerField()
    commands_confirmed = models.PositiveBigIntegerField()
    commands_failed = models.PositiveBigIntegerField()
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-day",)
        verbose_name = "summary of a day"
        verbose_name_plural = "summaries of days"

    def __str__(self) -> str:
        return self.day.isoformat()

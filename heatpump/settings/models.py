"""Heat pumps and their settings, as rows of the house's own database."""

from typing import Final

from django.db import models
from django.db.models import Q

from bridge.devices.thermiq_registers import LARGEST, SETTINGS, SMALLEST

NAMES: Final = tuple(setting.name for setting in SETTINGS)


def _allowed() -> Q:
    """Return the condition that what is wanted is what the setting allows."""
    ranges = Q(wanted__isnull=True)
    for setting in SETTINGS:
        ranges |= Q(name=setting.name, wanted__range=(setting.minimum, setting.maximum))
    return ranges


class HeatPump(models.Model):
    """A heat pump that has sent a reading. Its row is locked by whoever changes its settings or commands.

    `heard_at` is when the bridge received the newest reading that the settings are taken from; the lags say how far
    the pump's clock is off (see `heatpump.settings.lag`).
    """

    device_id = models.TextField(unique=True)
    updated_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True, blank=True)
    present_lag = models.DurationField(null=True, blank=True)
    earlier_lag = models.DurationField(null=True, blank=True)
    lag_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("device_id",)
        verbose_name = "heat pump"

    def __str__(self) -> str:
        return self.device_id[:100]


class Setting(models.Model):
    """One setting of one pump: what the pump last confirmed, and apart from that what is wanted of it.

    `wanted` is null where nothing is under way. `confirmed_at` is the pump's time of the reading that `confirmed` is
    from. `written_at` is when the register was last written to; it is null again once a later reading has shown the
    value, or another long after, so where it is not, nobody knows what the register will hold.
    """

    pump = models.ForeignKey(HeatPump, on_delete=models.CASCADE, related_name="settings")
    name = models.CharField(max_length=32, choices=[(name, name) for name in NAMES])
    confirmed = models.IntegerField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    wanted = models.IntegerField(null=True, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pump", "pk")
        constraints = (
            models.UniqueConstraint(fields=["pump", "name"], name="heatpump_setting_once"),
            models.CheckConstraint(condition=Q(name__in=NAMES), name="heatpump_setting_name"),
            models.CheckConstraint(condition=_allowed(), name="heatpump_setting_wanted"),
            models.CheckConstraint(
                condition=Q(confirmed__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed__range=(SMALLEST, LARGEST), confirmed_at__isnull=False),
                name="heatpump_setting_confirmed",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def value(self) -> int | None:
        """What is wanted while something is under way, else what the pump confirmed."""
        return self.confirmed if self.wanted is None else self.wanted

    def is_held(self, value: int) -> bool:
        """Tell whether the pump is known to hold a value, so that writing it would change nothing."""
        return self.confirmed == value and self.written_at is None


class Change(models.Model):
    """A change of what a pump holds: by a command, or at the pump itself where there is none.

    `changed_at` is the pump's time of the reading that showed it.
    """

    setting = models.ForeignKey(Setting, on_delete=models.CASCADE, related_name="changes")
    changed_at = models.DateTimeField(db_index=True)
    before = models.IntegerField()
    after = models.IntegerField()
    command = models.ForeignKey("heatpump.Command", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = (models.CheckConstraint(condition=~Q(before=models.F("after")), name="heatpump_change_is_one"),)

    def __str__(self) -> str:
        return f"{self.before} to {self.after}"

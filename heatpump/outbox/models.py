"""Commands, the writes that they consist of, and each time that a write went out."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bridge.devices.thermiq_registers import LARGEST, SMALLEST
from heatpump.settings.models import HeatPump, Setting

MAX_RETRIES: Final = 3


class Status(models.TextChoices):
    """How far a command or a write has come. Clients know no other words."""

    PENDING = "pending"
    PUBLISHED = "published"
    CONFIRMED = "confirmed"
    FAILED = "failed"


UNDER_WAY: Final = (Status.PENDING, Status.PUBLISHED)


class Reason(models.TextChoices):
    """Why a command or a write failed."""

    SUPERSEDED = "superseded", _("superseded by a newer command")
    CANCELLED = "cancelled", _("Cancelled")
    NO_ECHO = "no_echo", _("no echo")
    OTHER_VALUE = "other_value", _("another value in the echo")
    WRITE_LIMIT = "write_limit", _("too many writes in a day")


def _consistent() -> Q:
    """Return the condition that the status agrees with what says when and why."""
    failed = Q(status=Status.FAILED, reason__in=Reason.values, confirmed_at__isnull=True)
    confirmed = Q(status=Status.CONFIRMED, reason="", confirmed_at__isnull=False)
    published = Q(status=Status.PUBLISHED, reason="", confirmed_at__isnull=True, published_at__isnull=False)
    pending = Q(status=Status.PENDING, reason="", confirmed_at__isnull=True)
    return failed | confirmed | published | pending


class Command(models.Model):
    """What somebody asked a pump to be set to: a row of the outbox.

    `payload` maps the settings that were asked for to their values. The status follows from that of the writes (see
    `heatpump.outbox.outcome`). `published_at` is when the broker last acknowledged one of them.
    """

    pump = models.ForeignKey(HeatPump, on_delete=models.CASCADE, related_name="commands")
    payload = models.JSONField()
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)
    published_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    retry_count = models.PositiveSmallIntegerField(default=0)
    max_retries = models.PositiveSmallIntegerField(default=MAX_RETRIES)
    requested_by = models.TextField()
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - null is none

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=_consistent(), name="heatpump_command_status"),
            models.CheckConstraint(
                condition=Q(status=Status.FAILED, failed_at__isnull=False)
                | ~Q(status=Status.FAILED) & Q(failed_at__isnull=True),
                name="heatpump_command_failed",
            ),
            models.CheckConstraint(
                condition=Q(retry_count__lte=models.F("max_retries")), name="heatpump_command_retries"
            ),
            models.CheckConstraint(condition=~Q(requested_by=""), name="heatpump_command_requested_by"),
            models.UniqueConstraint(
                fields=["pump", "requested_by", "idempotency_key"], name="heatpump_command_idempotency"
            ),
        )
        indexes = (models.Index(fields=["pump"], condition=Q(status__in=UNDER_WAY), name="heatpump_command_under_way"),)

    def __str__(self) -> str:
        return f"command {self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY


class Write(models.Model):
    """One register that a command sets. A setting has at most one write under way.

    `previous` is what the pump was last known to hold when the write was asked for. `sent_at` is when the write was
    first on its way: a reading that was taken after that can confirm it. `published_at` is when the broker last
    acknowledged it, and `echoed` another value that the pump has shown since.
    """

    command = models.ForeignKey(Command, on_delete=models.CASCADE, related_name="writes")
    setting = models.ForeignKey(Setting, on_delete=models.CASCADE, related_name="writes")
    value = models.IntegerField()
    previous = models.IntegerField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    error_message = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    retry_count = models.PositiveSmallIntegerField(default=0)
    echoed = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=_consistent(), name="heatpump_write_status"),
            models.CheckConstraint(condition=Q(value__range=(SMALLEST, LARGEST)), name="heatpump_write_value"),
            models.UniqueConstraint(fields=["command", "setting"], name="heatpump_write_once"),
            models.UniqueConstraint(
                fields=["setting"], condition=Q(status__in=UNDER_WAY), name="heatpump_write_under_way"
            ),
        )

    def __str__(self) -> str:
        return f"{self.setting} = {self.value}"

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY


class Publication(models.Model):
    """One time that a write was sent, or may have been: the pump's memory wears out by each."""

    write = models.ForeignKey(Write, on_delete=models.CASCADE, related_name="publications")
    setting = models.ForeignKey(Setting, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["setting", "sent_at"], name="heatpump_publication_recent"),)

    def __str__(self) -> str:
        return f"{self.write} at {self.sent_at:%Y-%m-%d %H:%M:%S %Z}"


class Turn(models.Model):
    """The right to publish to a pump, which one worker has at a time; it ends by itself where the worker is killed."""

    pump = models.OneToOneField(HeatPump, primary_key=True, on_delete=models.CASCADE, related_name="turn")
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"turn of {self.pump}"

"""The dead letter as a row of the house's own database."""

from django.conf import settings
from django.db import models

from bridge.messages import Reason

REASONS = [
    (Reason.NOT_JSON.value, "not JSON"),
    (Reason.NOT_AN_OBJECT.value, "not an object"),
    (Reason.NOT_OURS.value, "not ours"),
    (Reason.UNTRUSTED.value, "untrusted"),
    (Reason.INVALID.value, "invalid"),
    (Reason.REFUSED.value, "refused by the database"),
]


class Source(models.TextChoices):
    """The broker that a message came from."""

    MQTT = "mqtt", "MQTT"
    KAFKA = "kafka", "Kafka"


class DeadLetter(models.Model):
    """A message that could not be stored, with its bytes and where it came from.

    `origin` is an MQTT or Kafka topic. `failed_at` is the time of receipt of an MQTT message and the timestamp of a
    Kafka record; both may be whatever a device or client claimed, so a letter's age is counted from `recorded_at`.
    `payload` never changes: what a person corrects is `corrected_payload`. Origins and keys have no index, since
    an index refuses long values.
    """

    fingerprint = models.BinaryField(unique=True)
    source = models.CharField(max_length=8, choices=Source)
    origin = models.TextField()
    partition = models.IntegerField(null=True, blank=True)
    offset = models.BigIntegerField(null=True, blank=True)
    key = models.TextField(blank=True)
    payload = models.BinaryField()
    corrected_payload = models.BinaryField(null=True, blank=True)
    reason = models.CharField(max_length=32, choices=REASONS)
    detail = models.TextField(blank=True)
    failed_at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField(auto_now_add=True, db_index=True)
    sent_again_at = models.DateTimeField(null=True, blank=True)
    sent_again_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("-failed_at", "-id")

    def __str__(self) -> str:
        return f"{self.get_reason_display()} from {self.origin[:100]}"

    @property
    def content(self) -> bytes:
        """The bytes to send: the corrected payload if there is one."""
        return bytes(self.payload if self.corrected_payload is None else self.corrected_payload)

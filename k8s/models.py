from django.db import models


class Operation(models.Model):
    """A call of the operations tool, as the audit log has it: what was asked, planned and done, but no output."""

    operation_id = models.UUIDField(primary_key=True)
    time = models.DateTimeField(db_index=True)
    who = models.CharField(max_length=64)
    intent = models.CharField(max_length=32, blank=True)
    namespace = models.CharField(max_length=63, blank=True)
    target = models.CharField(max_length=300, blank=True)
    command = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    risk = models.CharField(max_length=8, blank=True)
    checks = models.JSONField(default=list)
    dry_run = models.BooleanField()
    status = models.CharField(max_length=24)
    reasons = models.JSONField(default=list)
    code = models.IntegerField("exit code", null=True)
    duration = models.FloatField("duration in seconds", null=True)
    stdout_digest = models.CharField("SHA-256 of the output", max_length=64, blank=True)
    stderr_digest = models.CharField("SHA-256 of the errors", max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.intent or 'unknown'} {self.target}".strip()

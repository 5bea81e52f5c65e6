"""How backups went, for the metrics: whoever makes one has ended by the time that somebody asks."""

from django.db import models


class Kind(models.TextChoices):
    BACKUP = "backup", "backup"
    DRILL = "drill", "restore drill"


class Run(models.Model):
    """A backup or a restore drill that has ended.

    `taken_at` is when the archive that it made or restored was taken, and `rows` how many that holds; both are null
    where it did not get so far. `error` is empty where all went well.
    """

    kind = models.CharField(max_length=8, choices=Kind)
    database = models.CharField(max_length=32)
    ended_at = models.DateTimeField(auto_now_add=True)
    taken_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-ended_at", "-id")
        indexes = (models.Index(fields=["kind", "database", "-ended_at"], name="backups_run_newest"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.database}, {self.error or 'good'}"

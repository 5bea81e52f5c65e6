from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("operation_id", models.UUIDField(primary_key=True, serialize=False)),
                ("time", models.DateTimeField(db_index=True)),
                ("who", models.CharField(max_length=64)),
                ("intent", models.CharField(blank=True, max_length=32)),
                ("namespace", models.CharField(blank=True, max_length=63)),
                ("target", models.CharField(blank=True, max_length=300)),
                ("command", models.TextField(blank=True)),
                ("summary", models.TextField(blank=True)),
                ("risk", models.CharField(blank=True, max_length=8)),
                ("checks", models.JSONField(default=list)),
                ("dry_run", models.BooleanField()),
                ("status", models.CharField(max_length=24)),
                ("reasons", models.JSONField(default=list)),
                ("code", models.IntegerField(null=True, verbose_name="exit code")),
                ("duration", models.FloatField(null=True, verbose_name="duration in seconds")),
                ("stdout_digest", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the output")),
                ("stderr_digest", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the errors")),
            ],
        ),
    )

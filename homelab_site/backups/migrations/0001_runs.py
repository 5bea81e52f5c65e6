from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = (
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("backup", "backup"), ("drill", "restore drill")], max_length=8)),
                ("database", models.CharField(max_length=32)),
                ("ended_at", models.DateTimeField(auto_now_add=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("rows", models.BigIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("-ended_at", "-id"),
                "indexes": [models.Index(fields=["kind", "database", "-ended_at"], name="backups_run_newest")],
            },
        ),
    )

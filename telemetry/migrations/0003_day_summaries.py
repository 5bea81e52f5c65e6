from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("telemetry", "0002_readings"),)

    operations = (
        migrations.CreateModel(
            name="DaySummary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("energy_readings", models.PositiveBigIntegerField()),
                ("heatpump_readings", models.PositiveBigIntegerField()),
                ("temperature_readings", models.PositiveBigIntegerField()),
                ("energy_kwh", models.FloatField(null=True)),
                ("dead_letters", models.PositiveBigIntegerField()),
                ("commands_confirmed", models.PositiveBigIntegerField()),
                ("commands_failed", models.PositiveBigIntegerField()),
                ("made_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ("-day",),
                "verbose_name": "summary of a day",
                "verbose_name_plural": "summaries of days",
            },
        ),
    )

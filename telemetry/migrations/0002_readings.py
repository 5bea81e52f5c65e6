from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("telemetry", "0001_dead_letters"),)

    operations = (
        migrations.CreateModel(
            name="SchemaMigration",
            fields=[
                ("version", models.IntegerField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("applied_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "schema migration",
                "db_table": "schema_migrations",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="TemperatureReading",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device_id", "time", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("time", models.DateTimeField()),
                ("device_id", models.TextField()),
                ("mac_address", models.TextField(null=True)),
                ("location", models.TextField(null=True)),
                ("temperature_c", models.FloatField(null=True)),
                ("temperature_f", models.FloatField(null=True)),
                ("humidity", models.FloatField(null=True)),
                ("wifi_rssi", models.IntegerField(null=True)),
                ("battery_voltage", models.FloatField(null=True)),
                ("battery_percent", models.IntegerField(null=True)),
                ("external_power", models.BooleanField(null=True)),
                ("uptime", models.BigIntegerField(null=True)),
                ("ram_free", models.BigIntegerField(null=True)),
                ("wind_speed_ms", models.FloatField(null=True)),
                ("pressure_hpa", models.FloatField(null=True)),
            ],
            options={
                "verbose_name": "temperature reading",
                "db_table": "temperature_sensors",
                "managed": False,
            },
        ),
    )

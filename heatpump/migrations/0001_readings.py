import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="HeatpumpStatus",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device_id", "time", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("time", models.DateTimeField()),
                ("device_id", models.TextField()),
                ("outdoor_temp", models.FloatField(null=True)),
                ("supplyline_temp", models.FloatField(null=True)),
                ("returnline_temp", models.FloatField(null=True)),
                ("hotwater_temp", models.FloatField(null=True)),
                ("brine_out_temp", models.FloatField(null=True)),
                ("brine_in_temp", models.FloatField(null=True)),
                ("indoor_temp", models.FloatField(null=True)),
                ("flowlinepump_speed", models.IntegerField(null=True)),
                ("runtime_compressor", models.IntegerField(null=True)),
                ("runtime_hotwater", models.IntegerField(null=True)),
                ("runtime_3kw", models.IntegerField(null=True)),
                ("runtime_6kw", models.IntegerField(null=True)),
                ("brinepump_on", models.BooleanField(null=True)),
                ("compressor_on", models.BooleanField(null=True)),
                ("flowlinepump_on", models.BooleanField(null=True)),
                ("hotwater_production", models.BooleanField(null=True)),
                ("aux_heater_3kw_on", models.BooleanField(null=True)),
                ("aux_heater_6kw_on", models.BooleanField(null=True)),
                ("integral", models.IntegerField(null=True)),
                (
                    "alarms",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None),
                ),
            ],
            options={
                "verbose_name": "heat pump reading",
                "db_table": "heatpump_status",
                "managed": False,
            },
        ),
    )

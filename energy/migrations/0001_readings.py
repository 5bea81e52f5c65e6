from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="EnergyConsumption",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device_serial", "time", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("time", models.DateTimeField()),
                ("device_serial", models.TextField()),
                ("meter_type", models.TextField(null=True)),
                ("wifi_rssi", models.IntegerField(null=True)),
                ("active_power_total", models.IntegerField(null=True)),
                ("active_power_l1", models.IntegerField(null=True)),
                ("active_power_l2", models.IntegerField(null=True)),
                ("active_power_l3", models.IntegerField(null=True)),
                ("active_production_total", models.IntegerField(null=True)),
                ("active_energy_total", models.BigIntegerField(null=True)),
                ("active_energy_production", models.BigIntegerField(null=True)),
                ("voltage_l1", models.FloatField(null=True)),
                ("voltage_l2", models.FloatField(null=True)),
                ("voltage_l3", models.FloatField(null=True)),
                ("current_l1", models.IntegerField(null=True)),
                ("current_l2", models.IntegerField(null=True)),
                ("current_l3", models.IntegerField(null=True)),
                ("power_factor", models.FloatField(null=True)),
            ],
            options={
                "verbose_name": "meter reading",
                "db_table": "energy_consumption",
                "managed": False,
            },
        ),
    )

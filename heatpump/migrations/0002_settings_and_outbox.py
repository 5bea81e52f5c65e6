import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("heatpump", "0001_readings"),)

    operations = (
        migrations.CreateModel(
            name="HeatPump",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device_id", models.TextField(unique=True)),
                ("updated_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
                ("present_lag", models.DurationField(blank=True, null=True)),
                ("earlier_lag", models.DurationField(blank=True, null=True)),
                ("lag_since", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "heat pump",
                "ordering": ("device_id",),
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "pump",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="turn",
                        serialize=False,
                        to="heatpump.heatpump",
                    ),
                ),
                ("until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("payload", models.JSONField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("published", "Published"),
                            ("confirmed", "Confirmed"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("superseded", "superseded by a newer command"),
                            ("cancelled", "Cancelled"),
                            ("no_echo", "no echo"),
                            ("other_value", "another value in the echo"),
                            ("write_limit", "too many writes in a day"),
                        ],
                        max_length=16,
                    ),
                ),
                ("error_message", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(db_index=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("retry_count", models.PositiveSmallIntegerField(default=0)),
                ("max_retries", models.PositiveSmallIntegerField(default=3)),
                ("requested_by", models.TextField()),
                ("idempotency_key", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "pump",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="commands", to="heatpump.heatpump"
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Setting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("indoor_target_temp", "indoor_target_temp"),
                            ("mode", "mode"),
                            ("curve", "curve"),
                            ("curve_min", "curve_min"),
                            ("curve_max", "curve_max"),
                            ("curve_plus_5", "curve_plus_5"),
                            ("curve_zero", "curve_zero"),
                            ("curve_minus_5", "curve_minus_5"),
                            ("heatstop", "heatstop"),
                            ("integral_setting", "integral_setting"),
                        ],
                        max_length=32,
                    ),
                ),
                ("confirmed", models.IntegerField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("wanted", models.IntegerField(blank=True, null=True)),
                ("written_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pump",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="settings", to="heatpump.heatpump"
                    ),
                ),
            ],
            options={
                "ordering": ("pump", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed_at", models.DateTimeField(db_index=True)),
                ("before", models.IntegerField()),
                ("after", models.IntegerField()),
                (
                    "command",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="heatpump.command",
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="heatpump.setting"
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Write",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.IntegerField()),
                ("previous", models.IntegerField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("published", "Published"),
                            ("confirmed", "Confirmed"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("superseded", "superseded by a newer command"),
                            ("cancelled", "Cancelled"),
                            ("no_echo", "no echo"),
                            ("other_value", "another value in the echo"),
                            ("write_limit", "too many writes in a day"),
                        ],
                        max_length=16,
                    ),
                ),
                ("error_message", models.TextField(blank=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("retry_count", models.PositiveSmallIntegerField(default=0)),
                ("echoed", models.IntegerField(blank=True, null=True)),
                (
                    "command",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="writes", to="heatpump.command"
                    ),
                ),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="writes", to="heatpump.setting"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sent_at", models.DateTimeField()),
                (
                    "setting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="heatpump.setting"
                    ),
                ),
                (
                    "write",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="publications", to="heatpump.write"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="command",
            index=models.Index(
                condition=models.Q(("status__in", ("pending", "published"))),
                fields=["pump"],
                name="heatpump_command_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at__isnull", True),
                        ("reason__in", ["superseded", "cancelled", "no_echo", "other_value", "write_limit"]),
                        ("status", "failed"),
                    ),
                    models.Q(("confirmed_at__isnull", False), ("reason", ""), ("status", "confirmed")),
                    models.Q(
                        ("confirmed_at__isnull", True),
                        ("published_at__isnull", False),
                        ("reason", ""),
                        ("status", "published"),
                    ),
                    models.Q(("confirmed_at__isnull", True), ("reason", ""), ("status", "pending")),
                    _connector="OR",
                ),
                name="heatpump_command_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("failed_at__isnull", False), ("status", "failed")),
                    models.Q(models.Q(("status", "failed"), _negated=True), ("failed_at__isnull", True)),
                    _connector="OR",
                ),
                name="heatpump_command_failed",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(("retry_count__lte", models.F("max_retries"))), name="heatpump_command_retries"
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(("requested_by", ""), _negated=True), name="heatpump_command_requested_by"
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.UniqueConstraint(
                fields=("pump", "requested_by", "idempotency_key"), name="heatpump_command_idempotency"
            ),
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.UniqueConstraint(fields=("pump", "name"), name="heatpump_setting_once"),
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__in",
                        (
                            "indoor_target_temp",
                            "mode",
                            "curve",
                            "curve_min",
                            "curve_max",
                            "curve_plus_5",
                            "curve_zero",
                            "curve_minus_5",
                            "heatstop",
                            "integral_setting",
                        ),
                    )
                ),
                name="heatpump_setting_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("wanted__isnull", True),
                    models.Q(("name", "indoor_target_temp"), ("wanted__range", (15, 30))),
                    models.Q(("name", "mode"), ("wanted__range", (0, 4))),
                    models.Q(("name", "curve"), ("wanted__range", (0, 200))),
                    models.Q(("name", "curve_min"), ("wanted__range", (0, 200))),
                    models.Q(("name", "curve_max"), ("wanted__range", (0, 200))),
                    models.Q(("name", "curve_plus_5"), ("wanted__range", (-5, 5))),
                    models.Q(("name", "curve_zero"), ("wanted__range", (-5, 5))),
                    models.Q(("name", "curve_minus_5"), ("wanted__range", (-5, 5))),
                    models.Q(("name", "heatstop"), ("wanted__range", (0, 200))),
                    models.Q(("name", "integral_setting"), ("wanted__range", (-32768, 32767))),
                    _connector="OR",
                ),
                name="heatpump_setting_wanted",
            ),
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed__isnull", True), ("confirmed_at__isnull", True)),
                    models.Q(("confirmed__range", (-32768, 65535)), ("confirmed_at__isnull", False)),
                    _connector="OR",
                ),
                name="heatpump_setting_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(("before", models.F("after")), _negated=True), name="heatpump_change_is_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="write",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at__isnull", True),
                        ("reason__in", ["superseded", "cancelled", "no_echo", "other_value", "write_limit"]),
                        ("status", "failed"),
                    ),
                    models.Q(("confirmed_at__isnull", False), ("reason", ""), ("status", "confirmed")),
                    models.Q(
                        ("confirmed_at__isnull", True),
                        ("published_at__isnull", False),
                        ("reason", ""),
                        ("status", "published"),
                    ),
                    models.Q(("confirmed_at__isnull", True), ("reason", ""), ("status", "pending")),
                    _connector="OR",
                ),
                name="heatpump_write_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="write",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__range", (-32768, 65535))), name="heatpump_write_value"
            ),
        ),
        migrations.AddConstraint(
            model_name="write",
            constraint=models.UniqueConstraint(fields=("command", "setting"), name="heatpump_write_once"),
        ),
        migrations.AddConstraint(
            model_name="write",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("pending", "published"))),
                fields=("setting",),
                name="heatpump_write_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(fields=["setting", "sent_at"], name="heatpump_publication_recent"),
        ),
    )

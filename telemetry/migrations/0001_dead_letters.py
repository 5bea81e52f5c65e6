import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = (migrations.swappable_dependency(settings.AUTH_USER_MODEL),)

    operations = (
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.BinaryField(unique=True)),
                ("source", models.CharField(choices=[("mqtt", "MQTT"), ("kafka", "Kafka")], max_length=8)),
                ("origin", models.TextField()),
                ("partition", models.IntegerField(blank=True, null=True)),
                ("offset", models.BigIntegerField(blank=True, null=True)),
                ("key", models.TextField(blank=True)),
                ("payload", models.BinaryField()),
                ("corrected_payload", models.BinaryField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("not_json", "not JSON"),
                            ("not_an_object", "not an object"),
                            ("not_ours", "not ours"),
                            ("untrusted", "untrusted"),
                            ("invalid", "invalid"),
                            ("refused", "refused by the database"),
                        ],
                        max_length=32,
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                ("failed_at", models.DateTimeField(db_index=True)),
                ("recorded_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("sent_again_at", models.DateTimeField(blank=True, null=True)),
                (
                    "sent_again_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("-failed_at", "-id")},
        ),
    )

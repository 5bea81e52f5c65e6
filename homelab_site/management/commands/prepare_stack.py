import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from bridge.messages import RETENTION
from homelab_site.kafka import make_topic, new_admin
from homelab_site.requirements import require_services
from homelab_site.stack.secrets import LOGIN_NAME


class Command(BaseCommand):
    help = "Bring both databases up to date, and make the topics and the login of the one-machine stack."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        require_services()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("migrate_telemetry")
        self._make_topics()
        self._make_login(os.environ.get("LOGIN_PASSWORD", ""))

    def _make_topics(self) -> None:
        admin = new_admin()
        for topic, retention in RETENTION.items():
            if make_topic(admin, topic.value, retention):
                self.stdout.write(f"made the topic {topic}")
        admin.close()

    def _make_login(self, password: str) -> None:
        users = get_user_model().objects
        if password and not users.filter(username=LOGIN_NAME).exists():
            users.create_superuser(LOGIN_NAME, password=password)
            self.stdout.write(f"made the login {LOGIN_NAME}")

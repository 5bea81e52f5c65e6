from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from homelab_site.stack.identity.keys import add_key
from homelab_site.stack.services import Identity


class Command(BaseCommand):
    help = "Let the one-machine stack's identity provider sign with a new key; the one before stays published."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        directory = settings.DATA_DIR / Identity.name
        if not directory.exists():
            raise CommandError(f"No identity provider has been started in {settings.DATA_DIR}.")
        add_key(directory / "keys")

"""What the commands of backups have in common."""

import signal
import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from homelab_site.backups.databases import NAMES
from homelab_site.backups.destination import Destination, destination_of
from homelab_site.backups.errors import BackupError
from homelab_site.secrecy import hide_secrets


class BackupCommand(ABC, BaseCommand):
    """A command about one database and the place of its backups. Its trouble is one sentence without secrets."""

    requires_system_checks = ()
    place: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("database", choices=NAMES)
        parser.add_argument(self.place, required=True, metavar="PLACE", dest="place", help="s3://BUCKET/PREFIX or DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        # As an exception it passes through whatever is under way, which leaves nothing half done.
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            self.work(options["database"], destination_of(options["place"]), options)
        except BackupError as error:
            raise CommandError(hide_secrets(str(error))) from error
        finally:
            signal.signal(signal.SIGTERM, before)

    @abstractmethod
    def work(self, database: str, destination: Destination, options: dict[str, Any]) -> None:
        """Do what the command is for; raises BackupError."""

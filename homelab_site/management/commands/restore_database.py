from argparse import ArgumentParser
from typing import Any

from homelab_site.backups.command import BackupCommand
from homelab_site.backups.destination import Destination
from homelab_site.backups.restore import find_backup, restore


class Command(BackupCommand):
    help = "Restore a backup of a database, and keep what was there under another name."
    place = "--from"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--archive", help="the archive's name (default: the newest)")
        parser.add_argument("--replace", action="store_true", help="replace a database that is not empty")

    def work(self, database: str, destination: Destination, options: dict[str, Any]) -> None:
        backup = find_backup(database, destination, options["archive"])
        restored = restore(database, destination, backup, replace=options["replace"])
        self.stdout.write(f"restored {backup.archive}: {backup.contents.all_rows} rows as of {backup.taken_at}")
        if restored.kept_as:
            self.stdout.write(f"what was there is kept as the database {restored.kept_as}")

from argparse import ArgumentParser
from typing import Any

from homelab_site.backups.backup import back_up, remove_old
from homelab_site.backups.command import BackupCommand
from homelab_site.backups.destination import Destination
from homelab_site.backups.models import Kind
from homelab_site.backups.reports import noted


class Command(BackupCommand):
    help = "Store a backup of a database, read it back, and remove old ones."
    place = "--to"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--keep", type=int, default=14, help="how many backups stay (default 14); 0: all")

    def work(self, database: str, destination: Destination, options: dict[str, Any]) -> None:
        made = noted(Kind.BACKUP, database, lambda: back_up(database, destination))
        self.stdout.write(f"stored {made.archive}: {made.size} bytes, {made.contents.all_rows} rows")
        if options["keep"] > 0:
            for archive in remove_old(database, destination, options["keep"]):
                self.stdout.write(f"removed {archive}")

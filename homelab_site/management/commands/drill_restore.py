from typing import Any

from homelab_site.backups.command import BackupCommand
from homelab_site.backups.destination import Destination
from homelab_site.backups.models import Kind
from homelab_site.backups.reports import noted
from homelab_site.backups.restore import drill


class Command(BackupCommand):
    help = "Restore the newest backup of a database beside it, count its rows, and drop it again."
    place = "--from"

    def work(self, database: str, destination: Destination, options: dict[str, Any]) -> None:
        tried = noted(Kind.DRILL, database, lambda: drill(database, destination))
        self.stdout.write(f"restored and dropped {tried.archive}: {tried.contents.all_rows} rows")

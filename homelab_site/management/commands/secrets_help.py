from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from homelab_site.sealing import InventoryError, apply_commands, commands, read_inventory


class Command(BaseCommand):
    help = (
        "Print, as a script for bash, the commands that make and seal the cluster's secrets which are not sealed yet. "
        "Nothing is run, and nothing secret is printed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--apply",
            nargs="+",
            metavar="NAMESPACE",
            help="instead, those that put the secrets of these namespaces into the cluster at hand, unsealed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            inventory = read_inventory(settings.BASE_DIR / "gitops" / "secrets.inventory.yaml")
            wanted = options["apply"]
            lines = list(apply_commands(inventory, wanted) if wanted else commands(inventory, settings.BASE_DIR))
        except InventoryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(lines) if lines else "# Every secret of the inventory is sealed.")

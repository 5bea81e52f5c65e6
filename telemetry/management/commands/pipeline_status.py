from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

import msgspec
from django.core.management.base import BaseCommand
from django.utils import timezone

from homelab_site.requirements import require_services
from telemetry.status.selectors import pipeline_status
from telemetry.status.words import Line, report

SIGNS = {"good": "ok", "bad": "!!", "quiet": "--"}


class Command(BaseCommand):
    help = (
        "Show for each stream its newest reading, the readings of the last hour and what waits in Kafka, the dead "
        "letters, and which workers run. What cannot be asked is shown as unknown, with the reason."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        require_services()
        status = pipeline_status()
        if options["json"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(status)).decode())
            return
        words = report(status)
        self.stdout.write(f"{words.headline} ({timezone.localtime(words.at):%Y-%m-%d %H:%M:%S %Z})")
        for sentence in words.attention:
            self.stdout.write(f"  {sentence}")
        self._table((*words.streams, *words.dead_letters, *words.commands, *words.workers))

    def _table(self, lines: Iterable[Line]) -> None:
        self.stdout.write("")
        for line in lines:
            self.stdout.write(f"{SIGNS[line.mark]}  {line.title:<13} {line.word:<12} {', '.join(line.facts)}")

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import django.db
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from energy import selectors
from homelab_site.api.encoding import csv_lines, json_lines
from homelab_site.moments import read_moment
from homelab_site.requirements import require_services
from telemetry.selection import Selection

RESOLUTIONS: dict[str, Callable[..., Selection[Any]]] = {
    "raw": selectors.readings,
    "hour": selectors.hours,
    "day": selectors.days,
}


class Command(BaseCommand):
    help = (
        "Write readings, hours or days of the meters, with the members that the API gives them. A range includes its "
        "start and not its end. Rows are written as they come, so that a year needs no more memory than a day."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from", required=True, type=_moment, metavar="TIME", dest="start", help="start, RFC 3339 with a time zone"
        )
        parser.add_argument("--to", type=_moment, metavar="TIME", dest="end", help="end, like --from (default: now)")
        parser.add_argument(
            "--resolution", choices=RESOLUTIONS, default="hour", help="what a row is (default: %(default)s)"
        )
        parser.add_argument("--format", choices=("csv", "json"), default="csv", help="how (default: %(default)s)")
        parser.add_argument(
            "--device-serial",
            type=_serial,
            metavar="ID",
            help="one meter (default: all; hours and days of all are summed)",
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="where to write (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = options["start"], options["end"] or timezone.now()
        if start > end:
            raise CommandError("--from is after --to.")
        require_services("TELEMETRY_DATABASE_URL")
        selection = RESOLUTIONS[options["resolution"]](start=start, end=end, device_serial=options["device_serial"])
        try:
            with closing(selection.stream()) as rows:
                self._write(options["output"], _lines(selection.row, rows, options["format"]))
        except django.db.Error as error:
            raise CommandError(f"The telemetry database cannot be used: {' '.join(str(error).split())}") from error

    def _write(self, file: Path | None, lines: Iterator[str]) -> None:
        if file is None:
            self._write_to_standard_output(lines)
            return
        try:
            with file.open("w", encoding="utf-8", newline="") as out:
                out.writelines(lines)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error

    def _write_to_standard_output(self, lines: Iterator[str]) -> None:
        try:
            for line in lines:
                self.stdout.write(line, ending="")
            self.stdout.flush()
        except OSError as error:
            # Python would complain when it flushes the rest at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            # Whoever reads a pipe may have seen enough.
            if not isinstance(error, BrokenPipeError):
                raise CommandError(f"Standard output cannot be written: {error.strerror}.") from error


def _lines(row: type[Any], rows: Iterator[Any], kind: str) -> Iterator[str]:
    return csv_lines(row, rows) if kind == "csv" else json_lines(rows)


def _moment(text: str) -> datetime:
    try:
        return read_moment(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time with its time zone, such as 2026-11-01T00:00:00Z") from None


def _serial(text: str) -> str:
    if not text or "\0" in text:
        raise ArgumentTypeError("it is not a serial number")
    return text

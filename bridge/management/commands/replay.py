from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from bridge.devices import saveeye
from bridge.management.arguments import moment, speed
from bridge.management.broker import broker_address
from bridge.messages import is_sane
from bridge.publisher import Publisher, PublishError
from bridge.replay import COLUMNS, Reading, RecordingError, Row, end_of, read_rows, readings

PUMP_SECONDS = 0.1
STOPPED_BY_CTRL_C = 130


class Command(BaseCommand):
    help = (
        "Publish a recording as a single-phase SaveEye meter would. FILE is CSV with the columns "
        f"{', '.join(COLUMNS)}; others are ignored. The meter's counter starts at 1,000,000 Wh, and a closing reading "
        "follows a minute after the last row. Ends with status 0 only after the MQTT broker acknowledged every reading."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the recording")
        parser.add_argument(
            "--start",
            type=moment,
            metavar="TIME",
            help="the time of the first row, RFC 3339 with a time zone (default: such that the last row is now)",
        )
        parser.add_argument(
            "--speed",
            type=speed,
            default=0.0,
            metavar="X",
            help="1: the recording's own pace; 60: a minute each second; 0: as fast as the broker takes it (default)",
        )
        parser.add_argument(
            "--device-serial", default="replay", metavar="ID", help="the meter's serial number (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        address = broker_address()
        serial = options["device_serial"].strip()
        if not serial:
            raise CommandError("--device-serial is empty.")
        rows = _read(options["file"])
        start = _checked_start(rows, options["start"])
        count = len(rows) + 1
        publisher = Publisher(address, "replay")
        try:
            with publisher, tqdm(total=count, unit=" readings", disable=None) as bar:
                _publish(publisher, readings(rows, start, serial), options["speed"], bar.update)
                publisher.wait_until_acknowledged()
        except PublishError as error:
            raise CommandError(f"{error} {publisher.acknowledged} of {count} readings were acknowledged.") from error
        except KeyboardInterrupt as interrupt:
            raise CommandError(
                f"Stopped: {publisher.acknowledged} of {count} readings were acknowledged.",
                returncode=STOPPED_BY_CTRL_C,
            ) from interrupt
        self.stdout.write(f"{count} readings were acknowledged, from {start:%Y-%m-%dT%H:%M:%SZ}.")


def _read(file: Path) -> list[Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return read_rows(lines)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except RecordingError as error:
        raise CommandError(f"{file}: {error}. Nothing was published.") from error


def _checked_start(rows: list[Row], start: datetime | None) -> datetime:
    """Return when to start; refuse a start from which the bridge would not believe the meter's clock."""
    now = datetime.now(UTC).replace(microsecond=0)
    start = start or now - (rows[-1].time - rows[0].time)
    length = end_of(rows) - rows[0].time
    if not (is_sane(start, now) and is_sane(start + length, now)):
        raise CommandError(
            f"The readings would begin at {start:%Y-%m-%dT%H:%M:%SZ} and last {length}; the bridge believes a meter's "
            "clock from 2020 until a day ahead. Nothing was published."
        )
    return start


def _publish(publisher: Publisher, due: Iterable[Reading], speed: float, on_acknowledged: Callable[[], object]) -> None:
    began, first = datetime.now(UTC), None
    for reading in due:
        first = first or reading.time
        _wait(publisher, began + (reading.time - first) / speed if speed else began)
        publisher.publish(saveeye.TOPIC, msgspec.json.encode(reading.payload), on_acknowledged)


def _wait(publisher: Publisher, due: datetime) -> None:
    while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
        publisher.pump(min(left, PUMP_SECONDS))

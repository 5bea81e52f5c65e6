import signal
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bridge.management.arguments import moment, speed
from bridge.management.broker import broker_address
from bridge.messages import EARLIEST_SANE
from bridge.simulator.faults import Faults
from bridge.simulator.house import SimulatedHouse
from bridge.simulator.run import Simulator

HEAD_START = timedelta(days=1)


class Command(BaseCommand):
    help = (
        "Publish what the devices of one house would: a SaveEye meter each second, a ThermIQ heat pump every 30 "
        "seconds, which takes register writes, and Shelly room sensors. Runs until SIGTERM or Ctrl-C. While the MQTT "
        "broker is away the house's time stands still; afterwards it catches up. Each run begins with the same "
        "counters, as a new meter would."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="chooses the house (default: %(default)s)")
        parser.add_argument(
            "--speed",
            type=speed,
            default=1.0,
            metavar="X",
            help="how many times as fast as the real clock the house's time runs, timestamps and all, until it has "
            "caught up with the real clock; 0 is as fast as the broker takes it (default: 1)",
        )
        parser.add_argument(
            "--start",
            type=moment,
            metavar="TIME",
            help="when the house's time starts, RFC 3339 with a time zone, not in the future (default: now, or a day "
            "ago where --speed is 0 or more than 1)",
        )
        parser.add_argument("--faults", action="store_true", help="let happen what goes wrong with such devices")
        parser.add_argument(
            "--duration", type=_seconds, metavar="SECONDS", help="end after so many seconds of the house's time"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        address = broker_address()
        start = _start(options["start"], options["speed"])
        house = SimulatedHouse(options["seed"], start, settings.HOUSE_TIME_ZONE, settings.THERMIQ_NODES[0])
        simulator = Simulator(address, house, Faults(options["seed"]) if options["faults"] else None)
        stop = _stop_on_signals(simulator)
        self.stdout.write(f"The house's time starts at {start:%Y-%m-%dT%H:%M:%SZ}; its devices publish to {address}.")
        self.stdout.flush()
        try:
            simulator.run(stop, speed=options["speed"], seconds=options["duration"])
        except KeyboardInterrupt:
            self.stdout.write("The MQTT broker was away at the end.")
        self.stdout.write(simulator.books.summary())


def _start(start: datetime | None, speed: float) -> datetime:
    now = datetime.now(UTC).replace(microsecond=0)
    if start is None:
        return now - HEAD_START if speed == 0 or speed > 1 else now
    if not EARLIEST_SANE <= start <= now:
        raise CommandError(f"--start is {start:%Y-%m-%dT%H:%M:%SZ}; allowed: from 2020 until now.")
    return start


def _stop_on_signals(simulator: Simulator) -> Event:
    """Return a flag that SIGTERM and Ctrl-C set."""
    stop = Event()

    def end(number: int, frame: object) -> None:
        stop.set()
        if simulator.waits_for_broker:
            raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds above 0")
    return int(text)

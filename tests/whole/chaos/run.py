"""One run: the stack, what happens in it, and the account."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
from django.db import connections

from heatpump.settings.models import Setting
from telemetry.live.protocol import Stream
from tests.heatpump.pumps import Pumps
from tests.waiting import eventually
from tests.whole.chaos.account import Account, differences
from tests.whole.chaos.books import Books, RecordingPublisher
from tests.whole.chaos.commands import of_commands
from tests.whole.chaos.devices import SPEED, Devices
from tests.whole.chaos.energy import asking, of_energy
from tests.whole.chaos.faults import Fault
from tests.whole.chaos.growth import Growth
from tests.whole.chaos.injection import Injector
from tests.whole.chaos.monitor import Asked, Monitor
from tests.whole.chaos.readings import of_readings, stored_letters, stored_rows
from tests.whole.chaos.recovery import Recoveries, have_all_recovered, of_recovery, recoveries_of, table
from tests.whole.chaos.stack import Stack
from tests.whole.chaos.streams import of_streams, places_in_kafka
from tests.whole.chaos.watchers import Heard, Watcher
from tests.whole.house_of_kills import NODES, VALUES, Program
from tests.whole.outcomes import have_all_ended

WATCHERS = 3
LONGEST_PAUSE_SECONDS = 2.0
"""Between two changes of a program: no setting may be written more than 50 times a day."""
RECOVER_SECONDS = 120.0
SETTLE_SECONDS, SETTLE_PAUSE_SECONDS = 240.0, 2.0
PUMP_EVERY_SECONDS = 2.0

Say = Callable[[str], None]


class Run:
    """A running stack and all that happens in it, for a time."""

    def __init__(self, stack: Stack, seed: int, seconds: float, say: Say) -> None:
        self._stack = stack
        self._seconds = seconds
        self._say = say
        self._books, self._pump_books = Books(), Books()
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=SPEED * (seconds + RECOVER_SECONDS))
        mqtt = partial(stack.link, service="mqtt")
        self._devices = Devices(f"mqtt://{mqtt('devices')}", self._books, seed, start)
        self._pumps = Pumps(
            f"mqtt://{mqtt('pumps')}", NODES, PUMP_EVERY_SECONDS, partial(RecordingPublisher, books=self._pump_books)
        )
        self._watchers = [Watcher(stack.issuer, stack.port) for _ in range(WATCHERS)]
        self._programs = [
            Program(stack, node, seed * len(NODES) + number, LONGEST_PAUSE_SECONDS) for number, node in enumerate(NODES)
        ]
        self.recoveries: Recoveries = {}
        self._growth = Growth(stack)
        self._homelab, self._telemetry = Asked(stack.postgres.url("homelab")), Asked(stack.postgres.url("telemetry"))
        self._monitor = Monitor(
            {
                "rows": self._newest_row,
                "frames": self._newest_frame,
                "commands": self._newest_command,
                "celery": self._celery_beat,
            }
        )

    def go(self, faults: Sequence[Fault]) -> list[Account]:
        """Let everything happen, wait until it has settled, and return the account."""
        injector = Injector(self._stack, list(faults), self._say)
        self._start()
        injector.start()
        try:
            self._wait_for(injector)
            self._stop_everybody()
            accounts = self._settled()
        finally:
            injector.finish()
        self._growth.finish()
        self.recoveries = recoveries_of(injector.happened, self._monitor.flows)
        self._say(table(self.recoveries))
        return [
            _of_faults(injector, len(faults)),
            *accounts,
            of_streams(self._watchers, places_in_kafka()),
            self._growth.account(),
            of_recovery(injector.happened, self._monitor.flows),
        ]

    def _wait_for(self, injector: Injector) -> None:
        """Return when all faults are over and recovered from, or too much time has passed since."""
        began = time.monotonic()
        injector.wait()
        time.sleep(max(0.0, began + self._seconds - time.monotonic()))
        with suppress(AssertionError):  # the account says which are not
            eventually(lambda: have_all_recovered(injector.happened, self._monitor.flows), RECOVER_SECONDS)

    def _start(self) -> None:
        self._pumps.__enter__()
        known = Setting.objects.exclude(confirmed=None)
        eventually(lambda: known.count() == len(NODES) * len(VALUES), 60)
        for thread in (self._devices, *self._watchers, *self._programs, self._growth, self._monitor):
            thread.start()

    def _stop_everybody(self) -> None:
        """Let the people end, then those who watch, and last the devices, whose messages must all be out."""
        for program in self._programs:
            program.finish()
        connections.close_all()  # the database was killed meanwhile
        with suppress(AssertionError):  # the account says which have not
            eventually(have_all_ended, SETTLE_SECONDS)
        self._say("commands have ended")
        for watcher in self._watchers:
            watcher.finish()
        self._monitor.finish()
        self._pumps.__exit__(None, None, None)
        self._devices.finish()

    def _settled(self) -> list[Account]:
        """Return the account of readings, energy and commands as soon as nothing differs, or late."""
        began = time.monotonic()
        while True:
            accounts = self._accounts()
            took = time.monotonic() - began
            self._say(f"after {took:.0f} s {len(differences(accounts))} differences")
            if not differences(accounts) or took > SETTLE_SECONDS:
                accounts[0].facts.append(f"settled within {took:.1f} s")
                return accounts
            time.sleep(SETTLE_PAUSE_SECONDS)

    def _accounts(self) -> list[Account]:
        books = Books({**self._books.entries, **self._pump_books.entries})
        accepted = [one for program in self._programs for one in program.accepted]
        rows = stored_rows(self._stack.postgres.url("telemetry"))
        token = self._stack.issuer.token(scope=Stream.ENERGY.scope)
        return [
            of_readings(books, rows, stored_letters()),
            of_energy(self._devices.counter, asking(self._stack.port, token)),
            of_commands(accepted, self._pumps.pumps),
        ]

    def _newest_row(self) -> float:
        return self._published_at(int(self._telemetry.number("SELECT max(wifi_rssi) FROM energy_consumption")))

    def _newest_frame(self) -> float:
        """Return when the newest reading of the meter was published that some client has heard."""
        newest = [self._number_of(one) for watcher in self._watchers for one in watcher.heard[-1:]]
        return self._published_at(max(newest, default=0))

    def _newest_command(self) -> float:
        return self._homelab.number(
            "SELECT extract(epoch FROM max(created_at)) FROM heatpump_command"
            " WHERE status = 'confirmed' AND published_at IS NOT NULL"
        )

    def _celery_beat(self) -> float:
        return (self._stack.directory / "run" / "celery.alive").stat().st_mtime

    def _published_at(self, number: int) -> float:
        return self._devices.by_number[number].published_at if number else 0.0

    def _number_of(self, heard: Heard) -> int:
        number: int = msgspec.json.decode(heard.value).get("wifiRssi", 0) if heard.stream is Stream.ENERGY else 0
        return number


def _of_faults(injector: Injector, planned: int) -> Account:
    facts = [f"{len(injector.happened)} of {planned} happened"]
    if injector.impossible:
        facts.append(f"not possible here: {', '.join(injector.impossible)}")
    return Account("faults", facts, injector.trouble)

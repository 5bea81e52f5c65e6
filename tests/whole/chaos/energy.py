"""The account of energy: what the API says of hours and days is what the meter counted, to the watt-hour."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from bridge.simulator.meter import SERIAL
from tests.energy.reference import QUARTER, Span, calendar_periods, clock_periods, next_day, same_day
from tests.whole.chaos.account import Account
from tests.whole.chaos.devices import ZONE

ANSWER_SECONDS = 20.0
HOUR = timedelta(hours=1)
LONGEST_DAY = timedelta(hours=25)
_open = build_opener(ProxyHandler({})).open

Ask = Callable[[str, Mapping[str, str]], list[dict[str, object]]]


def asking(port: int, token: str) -> Ask:
    """Return a function that gives the API's answer to a path and parameters; raises OSError."""

    def ask(path: str, parameters: Mapping[str, str]) -> list[dict[str, object]]:
        url = f"http://127.0.0.1:{port}/api/v1/energy/{path}?{urlencode(parameters)}"
        with _open(Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=ANSWER_SECONDS) as answer:
            found: list[dict[str, object]] = json.loads(answer.read())
            return found

    return ask


class Periods(NamedTuple):
    """A kind of period, and where the API tells of it."""

    name: str
    spans: Callable[[datetime, datetime], Iterable[Span]]
    path: str
    parameters: Mapping[str, str]
    start: str
    energy: str


PERIODS = (
    Periods("quarters", clock_periods(QUARTER), "history", {"resolution": "quarter"}, "hour_start", "total_energy_kwh"),
    Periods("hours", clock_periods(HOUR), "history", {}, "hour_start", "total_energy_kwh"),
    Periods(
        "days", calendar_periods(ZONE, same_day, next_day), "daily-summary", {}, "day_start", "energy_consumption_kwh"
    ),
)


def of_energy(counter: Mapping[datetime, int], ask: Ask) -> Account:
    """Compare each quarter, hour and day with the meter's counter (Wh) at its ends."""
    account = Account("energy")
    first, last = min(counter), max(counter)
    whole = {
        "from": f"{first - LONGEST_DAY:%Y-%m-%dT%H:%M:%SZ}",
        "to": f"{last + HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "device_serial": SERIAL,
    }
    for kind in PERIODS:
        answered = ask(kind.path, {**whole, **kind.parameters})
        found = {_moment(one[kind.start]): round(float(str(one[kind.energy])) * 1000) for one in answered}
        meant = {start: counter[min(end, last)] - counter[max(start, first)] for start, end in kind.spans(first, last)}
        account.facts.append(f"{sum(found.values())} of {sum(meant.values())} Wh in {len(found)} {kind.name}")
        account.differ(f"{kind.name} with another energy", _unequal(found, meant))
    return account


def _unequal(found: Mapping[datetime, int], meant: Mapping[datetime, int]) -> Iterator[str]:
    """Compare watt-hours by period; one without energy may be left out."""
    for start in sorted(found.keys() | meant.keys()):
        if found.get(start, 0) != meant.get(start, 0):
            yield f"{start:%Y-%m-%d %H:%M} {found.get(start)} instead of {meant.get(start)} Wh"


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text)).astimezone(UTC)

"""The account of recovery: how long after a fault was over something that began later had arrived."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from tests.whole.chaos.account import Account
from tests.whole.chaos.faults import Fault
from tests.whole.chaos.injection import Happened
from tests.whole.chaos.monitor import Flow

FLOW_OF = {
    "web": "frames", "stream": "frames", "valkey": "frames", "people": "frames",
    "settings": "commands", "outbox": "commands", "pumps": "commands",
    "celery": "celery",
}  # fmt: skip
Recoveries = dict[str, list[float]]
"""Seconds until data went again, by what had happened."""
ROWS = "rows"
"""The flow of everything else: readings on their way from a device to a row."""


def flow_of(fault: Fault) -> str:
    return FLOW_OF.get(fault.target[0], ROWS)


def seconds_of(happened: Happened, flows: Mapping[str, Flow]) -> float | None:
    return flows[flow_of(happened.fault)].seconds_after(happened.over_at)


def have_all_recovered(happened: Iterable[Happened], flows: Mapping[str, Flow]) -> bool:
    return all(seconds_of(one, flows) is not None for one in happened)


def recoveries_of(happened: Iterable[Happened], flows: Mapping[str, Flow]) -> Recoveries:
    found: Recoveries = defaultdict(list)
    for one in happened:
        seconds = seconds_of(one, flows)
        if seconds is not None:
            found[_title(one.fault)].append(seconds)
    return dict(found)


def merged(many: Iterable[Recoveries]) -> Recoveries:
    found: Recoveries = defaultdict(list)
    for one in many:
        for title, seconds in one.items():
            found[title] += seconds
    return found


def of_recovery(happened: Sequence[Happened], flows: Mapping[str, Flow]) -> Account:
    account = Account("recovery")
    account.differ(
        "faults were not recovered from", (str(one.fault) for one in happened if seconds_of(one, flows) is None)
    )
    seconds = [one for found in recoveries_of(happened, flows).values() for one in found]
    if seconds:
        account.facts.append(
            f"median {median(seconds):.1f} s, longest {max(seconds):.1f} s after {len(seconds)} faults"
        )
    return account


def table(recoveries: Recoveries) -> str:
    """Return how many there were of each kind of fault, with median and longest recovery in seconds."""
    lines = [f"{'fault':<28}{'times':>6}{'median':>8}{'longest':>9}"]
    for title, seconds in sorted(recoveries.items()):
        lines.append(f"{title:<28}{len(seconds):>6}{median(seconds):>8.1f}{max(seconds):>9.1f}")
    return "\n".join(lines)


def _title(fault: Fault) -> str:
    """Return what faults are summed up by: what happened to which process, or to links to which service."""
    return f"{fault.kind} {fault.target[0]}" if len(fault.target) == 1 else f"{fault.kind} links to {fault.target[1]}"

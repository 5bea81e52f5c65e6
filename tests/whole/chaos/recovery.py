"""The account of recovery: how long after a fault was over something that began later had arrived."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
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
ROWS = "rows"
"""The flow of everything else: readings on their way from a device to a row."""


def flow_of(fault: Fault) -> str:
    return FLOW_OF.get(fault.target[0], ROWS)


def seconds_of(happened: Happened, flows: Mapping[str, Flow]) -> float | None:
    return flows[flow_of(happened.fault)].seconds_after(happened.over_at)


def have_all_recovered(happened: Iterable[Happened], flows: Mapping[str, Flow]) -> bool:
    return all(seconds_of(one, flows) is not None for one in happened)


def of_recovery(happened: Iterable[Happened], flows: Mapping[str, Flow]) -> Account:
    account = Account("recovery")
    by_kind: dict[str, list[float]] = defaultdict(list)
    for one in happened:
        seconds = seconds_of(one, flows)
        if seconds is None:
            account.differ("fault was not recovered from", [one.fault])
        else:
            by_kind[_title(one.fault)].append(seconds)
    account.facts = [
        f"{title} x{len(found)}: median {median(found):.1f} s, longest {max(found):.1f} s"
        for title, found in sorted(by_kind.items())
    ]
    return account


def _title(fault: Fault) -> str:
    """Return what faults are summed up by: what happened to which process, or to links to which service."""
    return f"{fault.kind} {fault.target[0]}" if len(fault.target) == 1 else f"{fault.kind} links to {fault.target[1]}"

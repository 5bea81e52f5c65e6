"""The account of growth: memory and file handles of the processes that lived through most of a run."""

import time
from contextlib import suppress
from typing import NamedTuple

import psutil

from homelab_site.stack.child import Child
from tests.whole.chaos.account import Account
from tests.whole.chaos.repeated import Repeated
from tests.whole.chaos.stack import Stack

WARM_SECONDS = 15.0
"""How long a process must have been at work to be warm: by then it has loaded what it needs."""
MAX_GROWTH_MIB = 25.0
MAX_GROWTH_HANDLES = 12
INTERVAL_SECONDS = 1.0


class Size(NamedTuple):
    """Memory in MiB (its share of what is shared with others), and open file handles."""

    mib: float
    handles: int


class Growth(Repeated):
    """Measures each process once when it is warm, and again for the account."""

    def __init__(self, stack: Stack) -> None:
        super().__init__("growth", INTERVAL_SECONDS)
        self._stack = stack
        self._at_work_since: dict[int, float] = {}
        self._warm: dict[int, Size] = {}

    def look(self) -> None:
        for name, child in list(self._stack.children.items()):
            with suppress(psutil.NoSuchProcess):
                self._measure_once_warm(name, child)

    def account(self) -> Account:
        account = Account("growth")
        for name, child in sorted(self._stack.children.items()):
            before = self._warm.get(child.id.pid) if child.id else None
            if before is None or child.id is None:
                account.facts.append(f"{name} is young")
                continue
            now = size_of(psutil.Process(child.id.pid))
            mib, handles = now.mib - before.mib, now.handles - before.handles
            account.facts.append(f"{name} {now.mib:.0f} MiB ({mib:+.1f}), {now.handles} handles ({handles:+d})")
            if mib > MAX_GROWTH_MIB or handles > MAX_GROWTH_HANDLES:
                account.differ("process grew", [f"{name} by {mib:.1f} MiB and {handles} handles"])
        return account

    def _measure_once_warm(self, name: str, child: Child) -> None:
        if child.id is None or child.id.pid in self._warm or not self._stack.is_at_work(name):
            return
        since = self._at_work_since.setdefault(child.id.pid, time.monotonic())
        if time.monotonic() - since >= WARM_SECONDS:
            self._warm[child.id.pid] = size_of(psutil.Process(child.id.pid))


def size_of(process: psutil.Process) -> Size:
    return Size(process.memory_full_info().pss / 2**20, process.num_fds())

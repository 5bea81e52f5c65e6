"""`python -m tests.whole.chaos`: lets everything fail while a house runs, and gives the account.

With `--seed` it is one run; without, twenty seeds of a minute and one of ten, in about an hour. Exits with status 1 if
anything in an account differs; then the logs of that run are kept.
"""

import multiprocessing
import shutil
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.whole.chaos.account import differences
from tests.whole.chaos.faults import plan
from tests.whole.chaos.recovery import Recoveries, merged, table
from tests.whole.chaos.stack import Stack, use

SEEDS, LONG_SEED, LONG_MINUTES = range(1, 21), 21, 10.0
EVERY_SECONDS = 2.0
"""How far apart faults begin, on average."""


class Outcome(NamedTuple):
    """How many differences a run had, and its recovery times."""

    seed: int
    differences: int
    recoveries: Recoveries


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(seed: int, minutes: float) -> Outcome:
    """Run one seed in a directory of its own, and print the account. It can be done once in a process."""
    # Whoever ends this run must leave nothing of it behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = Path(tempfile.mkdtemp(prefix="homelab-chaos-"))
    say(f"seed {seed}, {minutes:g} minutes, in {directory}")
    began = time.monotonic()
    stack = Stack(directory)
    try:
        stack.start()
        use(stack)
        # Its modules are Django's, which is only ready now.
        from tests.whole.chaos.run import Run  # noqa: PLC0415

        happening = Run(stack, seed, minutes * 60, say)
        accounts = happening.go(plan(seed, minutes * 60, EVERY_SECONDS))
    finally:
        stack.stop()
    for account in accounts:
        say(account.text())
    found = len(differences(accounts))
    say(f"seed {seed}: {found} differences after {time.monotonic() - began:.0f} s")
    if found:
        say(f"The logs are in {directory}. Again: make chaos SEED={seed} MINUTES={minutes:g}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return Outcome(seed, found, happening.recoveries)


def run_all() -> list[Outcome]:
    """Run one seed after another, each in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        return list(pool.map(run, (*SEEDS, LONG_SEED), (*(1.0 for _ in SEEDS), LONG_MINUTES)))


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.whole.chaos", description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--minutes", type=float, default=1.0)
    options = parser.parse_args()
    if options.seed is not None:
        return 1 if run(options.seed, options.minutes).differences else 0
    outcomes = run_all()
    say(table(merged(outcome.recoveries for outcome in outcomes)))
    failed = [outcome.seed for outcome in outcomes if outcome.differences]
    say(f"{len(outcomes)} seeds, {len(failed)} of them with differences: {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

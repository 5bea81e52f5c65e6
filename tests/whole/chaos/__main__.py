"""`python -m tests.whole.chaos --seed N --minutes M` lets everything fail for some minutes, and gives the account.

Exits with status 1 if anything in the account differs; then the logs are kept.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import django

from tests.whole.chaos.account import Account, differences
from tests.whole.chaos.faults import plan
from tests.whole.chaos.stack import Stack

EVERY_SECONDS = 2.0
"""How far apart faults begin, on average."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(seed: int, seconds: float, directory: Path) -> list[Account]:
    """Start a stack in a directory, let the faults of a seed happen, and return the account."""
    stack = Stack(directory)
    try:
        stack.start()
        os.environ.update(stack.direct_environment(), DJANGO_SETTINGS_MODULE="homelab_site.settings")
        django.setup()
        # Its modules are Django's, which is only ready now.
        from tests.whole.chaos.run import Run  # noqa: PLC0415

        return Run(stack, seed, seconds, say).go(plan(seed, seconds, EVERY_SECONDS))
    finally:
        stack.stop()


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.whole.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1.0)
    options = parser.parse_args()
    # Whoever ends this run must leave nothing of it behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    directory = Path(tempfile.mkdtemp(prefix="homelab-chaos-"))
    say(f"seed {options.seed}, {options.minutes:g} minutes, in {directory}")
    began = time.monotonic()
    accounts = run(options.seed, options.minutes * 60, directory)
    for account in accounts:
        say(account.text())
    found = differences(accounts)
    say(f"seed {options.seed}: {len(found)} differences after {time.monotonic() - began:.0f} s")
    if found:
        say(f"The logs are in {directory}; run it again with --seed {options.seed} --minutes {options.minutes:g}.")
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

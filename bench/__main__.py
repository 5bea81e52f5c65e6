"""Runs all benches, each in a process of its own, and says which missed a target: `python -m bench`."""

import signal
import subprocess
import sys
import time

from bench.report import say, say_table

BENCHES = ("sink", "bridge", "read_api", "streams", "first_view", "whole", "footprint")
LONGEST_SECONDS = 300.0


def run(name: str) -> str:
    """Run a bench; return what is to be said of it."""
    say(f"\n== {name}")
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", f"bench.{name}"]) as bench:
        try:
            status = bench.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            # As by Ctrl-C, it stops the services that it has started.
            bench.send_signal(signal.SIGINT)
            return "took too long"
    return "met" if not status else f"MISSED, after {time.monotonic() - began:.0f} s"


def main() -> int:
    found = {name: run(name) for name in BENCHES}
    say_table(("bench", "targets"), list(found.items()))
    return 0 if set(found.values()) == {"met"} else 1


if __name__ == "__main__":
    sys.exit(main())

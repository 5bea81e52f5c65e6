"""What the stack takes of a machine's memory, and how long it takes to start: `python -m bench.footprint`.

The whole one-machine stack with simulated devices at the house's rate; then workers each by themselves and four in
one process; then what the image holds. Takes about three minutes.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from bench.processes import memory_mib, processes_of, running
from bench.report import Target, conclude, say, say_table
from bench.services import running_services
from bench.stack import Stack, running_stack
from homelab_site.stack.child import Child
from homelab_site.stack.parts import PROJECT, manage

WARM_UP_SECONDS = 45.0
SETTLE_SECONDS = 15.0
WHOLE_MIB = 700.0
FOUR_WORKERS_MIB = 150.0
FOUR_WORKERS = ("bridge", "sink", "settings", "outbox")
SOURCE = ("bridge", "energy", "heatpump", "homelab_site", "k8s", "locale", "telemetry")
"""What the image holds of this project."""


def memory_of(stack: Stack) -> dict[str, float]:
    """Return the MiB of each process of the stack, children included."""
    return {name: memory_mib(of) for name, of in stack.processes().items()}


def cpu_of(stack: Stack) -> dict[str, float]:
    """Return the seconds of CPU that each process of the stack has used."""
    return {name: sum(sum(one.cpu_times()[:2]) for one in of) for name, of in stack.processes().items()}


def measure_stack() -> tuple[float, dict[str, tuple[float, float]]]:
    """Return the seconds of the start, and MiB and percent of a core of each process at the house's rate."""
    with running_stack() as stack:
        time.sleep(WARM_UP_SECONDS)
        before, began = cpu_of(stack), time.monotonic()
        time.sleep(SETTLE_SECONDS)
        after, took = cpu_of(stack), time.monotonic() - began
        memory = memory_of(stack)
        cpu = {name: (after[name] - before.get(name, 0.0)) / took * 100 for name in after}
        return stack.started_in, {name: (memory[name], cpu[name]) for name in memory}


@contextmanager
def working(directory: Path, *names: str) -> Iterator[Child]:
    """Run workers in one process that has come to rest."""
    with running("-".join(names), manage("runworker", *names), directory) as child:
        signs = [directory / "run" / f"{name}.alive" for name in names]
        while not all(sign.exists() for sign in signs):
            assert child.is_running, child.log_tail()
            time.sleep(0.1)
        time.sleep(SETTLE_SECONDS)
        yield child
        for sign in signs:
            sign.unlink()


def measure_workers() -> tuple[dict[str, float], float]:
    """Return the MiB of workers in processes of their own, which run at once, and of all in one process."""
    with running_services() as services:
        with ExitStack() as held:
            children = {name: held.enter_context(working(services.directory, name)) for name in FOUR_WORKERS}
            apart = {name: memory_mib(processes_of(child)) for name, child in children.items()}
        with working(services.directory, *FOUR_WORKERS) as child:
            return apart, memory_mib(processes_of(child))


def packages_mib() -> float:
    """Return the size of what requirements.txt installs, as it is installed here."""
    text = (Path(PROJECT) / "requirements.txt").read_text()
    total = 0
    for name in re.findall(r"^([a-zA-Z0-9_.-]+)==", text, re.MULTILINE):
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:  # for another platform
            continue
        total += sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())
    return total / 2**20


def source_mib() -> float:
    files = (file for name in SOURCE for file in (Path(PROJECT) / name).rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files if "__pycache__" not in file.parts) / 2**20


def main() -> int:
    started_in, whole = measure_stack()
    say_table(
        ("process", "MiB", "CPU %"),
        [(name, f"{memory:.0f}", f"{cpu:.1f}") for name, (memory, cpu) in sorted(whole.items())],
    )
    without = sum(memory for name, (memory, _) in whole.items() if name != "simulator")
    say(f"\nall without the simulator: {without:.0f} MiB; ready after {started_in:.1f} s")
    apart, together = measure_workers()
    say_table(("worker", "MiB"), [(name, f"{mib:.0f}") for name, mib in apart.items()])
    say(f"\nfour processes: {sum(apart.values()):.0f} MiB; one process: {together:.0f} MiB")
    say(f"the image holds {packages_mib():.0f} MiB of packages and {source_mib():.1f} MiB of ours, beside its base")
    return conclude(
        [
            Target(what="the stack without simulator, MiB", measured=without, at_most=WHOLE_MIB),
            Target(what="four workers in one process, MiB", measured=together, at_most=FOUR_WORKERS_MIB),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

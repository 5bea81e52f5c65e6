"""What a process and those that it started take of the machine."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from homelab_site.stack.child import Child
from homelab_site.stack.parts import PROJECT


@contextmanager
def running(name: str, argv: tuple[str, ...], directory: Path, **environment: str) -> Iterator[Child]:
    """Run a process, whose log is in the directory, and kill it afterwards."""
    child = Child(name, argv, directory / f"{name}.log", env={"PYTHONPATH": PROJECT, **environment})
    child.start()
    try:
        yield child
    finally:
        child.kill()


def processes_of(child: Child | None) -> list[psutil.Process]:
    """Return a child's process and those that it started, as far as they run."""
    return family(child.id.pid) if child and child.id else []


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that come from it; PostgreSQL's backends leave its group."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(child: Child | None) -> float:
    """Return the seconds of CPU that a child and what it started have used, in user and system mode."""
    spent = 0.0
    for process in processes_of(child):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


def memory_mib(processes: list[psutil.Process]) -> float:
    """Return the memory of processes in MiB, in which a page that n processes share counts as 1/n in each (PSS)."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20

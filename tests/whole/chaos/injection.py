"""Lets planned faults happen, each in its time, and notes when it was over."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import psutil

from homelab_site.stack.child import Child
from tests.killed import start_again
from tests.proxy import Proxy
from tests.whole.chaos.faults import Fault, Kind
from tests.whole.chaos.stack import OURS, Stack

DELAY_SECONDS = 0.3
SWALLOW_SECONDS = 0.1
"""Time enough for Mosquitto to work on what its sockets hold."""
WATCH_SECONDS = 0.2

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault that was over at a Unix time."""

    fault: Fault
    over_at: float


class Injector:
    """Runs each fault in a thread of its own."""

    def __init__(self, stack: Stack, faults: list[Fault], say: Callable[[str], None]) -> None:
        self.happened: list[Happened] = []
        self.trouble: list[str] = []
        """What went wrong with the faults themselves, and processes that ended without any."""
        self._stack = stack
        self._say = say
        self._faults = [fault for fault in faults if fault.kind is not Kind.FILL or stack.disk.is_mounted]
        self.impossible = sorted({fault.kind for fault in faults} - {fault.kind for fault in self._faults})
        self._pool = ThreadPoolExecutor(len(faults) + 1, thread_name_prefix="fault")
        self._locks = {name: threading.Lock() for name in (*OURS, *stack.services)}
        self._ends = threading.Event()
        self._running: dict[Future[None], str] = {}

    def start(self) -> None:
        self._began = time.monotonic()
        self._running = {self._pool.submit(self._run, fault): str(fault) for fault in self._faults}
        self._watching = self._pool.submit(self._watch)

    def wait(self) -> None:
        """Return when all faults are over."""
        for future, fault in self._running.items():
            error = future.exception()
            if error:
                self.trouble.append(f"{fault} went wrong itself: {error!r}")

    def finish(self) -> None:
        """Let no more faults happen, and bring back no more what ends."""
        self._ends.set()
        self._watching.result()
        self._pool.shutdown()

    def _run(self, fault: Fault) -> None:
        if self._ends.wait(max(0.0, self._began + fault.at - time.monotonic())):
            return
        if len(fault.target) > 1:
            self._do(fault)
        else:
            with self._locks[fault.target[0]]:
                self._do(fault)

    def _do(self, fault: Fault) -> None:
        self._say(f"{time.monotonic() - self._began:6.1f} s  {fault} for {fault.seconds:.1f} s")
        undo = self._inject(fault)
        self._ends.wait(fault.seconds)
        undo()
        self.happened.append(Happened(fault, time.time()))

    def _inject(self, fault: Fault) -> Undo:
        if len(fault.target) > 1:
            return _break_link(self._stack.links[fault.target[0], fault.target[1]], fault.kind)
        (name,) = fault.target
        if fault.kind is Kind.FREEZE:
            return _freeze(self._child(name))
        if fault.kind is Kind.FILL:
            return self._fill_disk()
        if fault.kind is Kind.CLOCK:
            return self._set_clock(name, fault.clock)
        return self._kill(name)

    def _child(self, name: str) -> Child:
        child = self._stack.services[name].child if name in self._stack.services else self._stack.children[name]
        assert child
        return child

    def _kill(self, name: str) -> Undo:
        if name == "mqtt":
            self._let_mosquitto_save()
        self._child(name).kill()
        if name in OURS:
            return lambda: self._stack.start_part(name)
        if name == "database":
            return partial(start_again, self._stack.postgres)
        return self._stack.services[name].start

    def _fill_disk(self) -> Undo:
        self._stack.disk.fill()

        def empty() -> None:
            self._stack.disk.empty()
            # It ends where it has no room for its journal.
            start_again(self._stack.postgres)

        return empty

    def _set_clock(self, name: str, seconds: int) -> Undo:
        clock = self._stack.clocks[name]
        clock.set_off(seconds)
        return partial(clock.set_off, 0)

    def _let_mosquitto_save(self) -> None:
        """Mosquitto acknowledges before it saves. So nobody speaks to it from its saving until it is killed."""
        links = [link for (_, service), link in self._stack.links.items() if service == "mqtt"]
        for link in links:
            link.stall()
        time.sleep(SWALLOW_SECONDS)
        try:
            self._stack.mqtt.save()
            self._stack.mqtt.kill()
        finally:
            for link in links:
                link.flow()

    def _watch(self) -> None:
        """Bring back processes that end although nobody killed them: that is a defect, and noted."""
        while not self._ends.wait(WATCH_SECONDS):
            for name in OURS:
                if self._locks[name].acquire(blocking=False):
                    try:
                        self._bring_back(name)
                    finally:
                        self._locks[name].release()

    def _bring_back(self, name: str) -> None:
        child = self._stack.children[name]
        if not child.is_running:
            self.trouble.append(f"{name} ended by itself (status {child.exit_status}):\n{child.log_tail()}")
            child.kill()
            self._stack.start_part(name)


def _freeze(child: Child) -> Undo:
    assert child.id
    leader = psutil.Process(child.id.pid)
    frozen = [leader, *leader.children(recursive=True)]

    def thaw() -> None:
        _signal(frozen, signal.SIGCONT)

    _signal(frozen, signal.SIGSTOP)
    return thaw


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def _break_link(link: Proxy, kind: Kind) -> Undo:
    if kind is Kind.STALL:
        link.stall()
        return link.flow
    if kind is Kind.CUT:
        link.refuses = True
        link.cut()
        return lambda: setattr(link, "refuses", False)
    link.delay = DELAY_SECONDS
    return lambda: setattr(link, "delay", 0.0)

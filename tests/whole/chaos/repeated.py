"""A thread that looks at something again and again until it is told to finish."""

import threading
from abc import ABC, abstractmethod


class Repeated(ABC, threading.Thread):
    """Calls `look` at an interval."""

    def __init__(self, name: str, interval: float) -> None:
        super().__init__(name=name, daemon=True)
        self._interval = interval
        self._ends = threading.Event()

    def finish(self) -> None:
        self._ends.set()
        self.join(30)

    def run(self) -> None:
        while not self._ends.wait(self._interval):
            self.look()

    @abstractmethod
    def look(self) -> None: ...

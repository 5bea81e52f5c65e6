"""A worker that does what a test tells it to, for tests of the loop around it."""

from collections.abc import Callable
from threading import Event

Step = Callable[[], bool]


def away(sentence: str = "nobody there") -> Step:
    """Return a step that finds something outside to be away."""

    def step() -> bool:
        raise ConnectionError(sentence)

    return step


def work() -> bool:
    return True


def rest() -> bool:
    return False


class ScriptedWorker:
    """Takes one step after the other; after the last it asks for the end where it has a flag, else it idles."""

    trouble: tuple[type[Exception], ...] = (ConnectionError,)

    def __init__(self, name: str, *steps: Step, stop: Event | None = None) -> None:
        self.name = name
        self.steps = list(steps)
        self.taken = 0
        self.closed = Event()
        self._stop = stop
        self._idle = Event()

    def step(self) -> bool:
        if self.taken == len(self.steps):
            if self._stop:
                self._stop.set()
            self._idle.wait(0.01)
            return False
        self.taken += 1
        return self.steps[self.taken - 1]()

    def close(self) -> None:
        self.closed.set()

"""Asking several things at once, with a deadline for the answers: one that hangs holds up nobody."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import wraps
from threading import Lock, Thread
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")


class UnavailableError(Exception):
    """Something outside cannot be asked now. The message is short, for anybody, and holds no secret.

    Its cause says more, for the log.
    """


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came back, or the error that says why nothing did, and how long it took."""

    value: T | None
    error: UnavailableError | None
    milliseconds: float

    @property
    def reason(self) -> str | None:
        return str(self.error) if self.error else None


class Asked(Generic[T]):
    """A call under way in a thread of its own.

    The call raises UnavailableError where what it asks is away. It sets itself limits of time; the deadline of
    `answer` is for what it cannot limit, such as a name that is not resolved. The thread never keeps the process
    from ending.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self._started = time.monotonic()
        self._future: Future[Answer[T]] = Future()
        Thread(target=self._run, args=(call,), daemon=True, name="asked").start()

    def answer(self, deadline: float) -> Answer[T]:
        """Wait for the answer until a deadline on the monotonic clock; what the call raises is raised here."""
        try:
            return self._future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            milliseconds = self._milliseconds()
            return Answer(None, UnavailableError(f"no answer within {milliseconds / 1000:.1f} s"), milliseconds)

    def _run(self, call: Callable[[], T]) -> None:
        try:
            self._future.set_result(self._ask(call))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer gets it
            self._future.set_exception(error)
        finally:
            # Each thread has database connections of its own, which nobody else would close.
            connections.close_all()

    def _ask(self, call: Callable[[], T]) -> Answer[T]:
        try:
            value = call()
        except UnavailableError as error:
            return Answer(None, error, self._milliseconds())
        return Answer(value, None, self._milliseconds())

    def _milliseconds(self) -> float:
        return (time.monotonic() - self._started) * 1000


def shared(call: Callable[[], T]) -> Callable[[], T]:
    """Let those who call while a call is under way have its result, so that a crowd costs no more than one."""
    lock = Lock()
    result: T
    finished = float("-inf")

    @wraps(call)
    def call_or_share() -> T:
        nonlocal result, finished
        came = time.monotonic()
        with lock:
            if finished < came:
                result = call()
                finished = time.monotonic()
            return result

    return call_or_share

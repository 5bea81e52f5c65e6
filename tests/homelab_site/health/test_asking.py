import threading
import time

import pytest

from homelab_site.health.asking import Asked, UnavailableError, shared
from tests.waiting import eventually


def test_an_answer_comes_with_the_time_it_took() -> None:
    answer = Asked(lambda: 42).answer(time.monotonic() + 5)
    assert (answer.value, answer.reason) == (42, None)
    assert answer.milliseconds >= 0


def test_what_is_away_gives_its_reason() -> None:
    def away() -> int:
        raise UnavailableError("gone fishing")

    answer = Asked(away).answer(time.monotonic() + 5)
    assert (answer.value, answer.reason) == (None, "gone fishing")


def test_a_defect_is_not_taken_for_trouble() -> None:
    with pytest.raises(ZeroDivisionError):
        Asked(lambda: 1 // 0).answer(time.monotonic() + 5)


def test_a_call_that_hangs_has_no_answer_at_the_deadline() -> None:
    release = threading.Event()
    answer = Asked(release.wait).answer(time.monotonic())
    release.set()
    assert answer.reason == "no answer within 0.0 s"


def test_those_who_come_during_a_call_share_its_result() -> None:
    begun, release, calls = threading.Event(), threading.Event(), []

    @shared
    def call() -> int:
        calls.append(1)
        begun.set()
        release.wait()
        return len(calls)

    first = Asked(call)
    begun.wait()
    others = [Asked(call) for _ in range(5)]
    release.set()
    assert {one.answer(time.monotonic() + 5).value for one in (first, *others)} == {1}


def test_who_comes_after_a_call_gets_a_new_one() -> None:
    calls: list[int] = []

    @shared
    def call() -> int:
        calls.append(1)
        return len(calls)

    assert [call(), call()] == [1, 2]


def test_a_thread_ends_when_its_call_does() -> None:
    release = threading.Event()
    Asked(release.wait).answer(time.monotonic())
    release.set()
    eventually(lambda: "asked" not in {thread.name for thread in threading.enumerate()})

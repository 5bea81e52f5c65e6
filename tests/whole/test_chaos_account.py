"""An account that could not differ would prove nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.simulator.message import Kind
from bridge.simulator.meter import SERIAL
from telemetry.live.protocol import Stream
from tests.whole.chaos.account import Account
from tests.whole.chaos.books import Books, Entry, Key
from tests.whole.chaos.energy import of_energy
from tests.whole.chaos.faults import Kind as FaultKind
from tests.whole.chaos.faults import plan
from tests.whole.chaos.monitor import Flow
from tests.whole.chaos.readings import Row, of_readings
from tests.whole.chaos.streams import follow
from tests.whole.chaos.watchers import Heard

AT = datetime(2026, 11, 1, tzinfo=UTC)
KEY, OTHER = Key("energy_consumption", SERIAL, AT), Key("energy_consumption", SERIAL, AT + timedelta(seconds=1))
CLOCKLESS, BAD, LATE = ("t", b"clockless"), ("t", b"bad"), ("t", b"late")


def books() -> Books:
    return Books(
        {
            ("t", b"good"): Entry(kind=Kind.READING, key=KEY, number=1, sent=2, acknowledged=1),
            CLOCKLESS: Entry(kind=Kind.CLOCKLESS, number=2, sent=1, acknowledged=1),
            BAD: Entry(kind=Kind.BAD, number=3, sent=1, acknowledged=1),
            LATE: Entry(kind=Kind.READING, key=OTHER, number=4, sent=1, acknowledged=0),
        }
    )


ROWS = [Row(KEY, 1), Row(OTHER, 2)]


def test_what_became_of_everything_once_does_not_differ() -> None:
    assert of_readings(books(), ROWS, {BAD: 1}).differences == []


@pytest.mark.parametrize(
    ("rows", "letters"),
    [
        (ROWS[1:], {BAD: 1}),
        (ROWS[:1], {BAD: 1}),
        ([*ROWS, Row(OTHER, 2)], {BAD: 1}),
        ([*ROWS, Row(OTHER, 5)], {BAD: 1}),
        ([*ROWS, Row(OTHER, 3)], {BAD: 1}),
        ([Row(OTHER, 1), *ROWS], {BAD: 1}),
        (ROWS, {}),
        (ROWS, {BAD: 2}),
        (ROWS, {BAD: 1, CLOCKLESS: 1}),
    ],
    ids=[
        "lost",
        "timeless lost",
        "doubled",
        "nobody's",
        "bad",
        "other time",
        "no letter",
        "two letters",
        "good letter",
    ],
)
def test_what_is_lost_doubled_or_misplaced_differs(rows: list[Row], letters: dict[tuple[str, bytes], int]) -> None:
    assert of_readings(books(), rows, letters).differences


def test_a_watt_hour_is_a_difference() -> None:
    counter = {AT: 1000, AT + timedelta(minutes=10): 1100}
    starts = {"history": {"hour_start": AT.isoformat()}, "daily-summary": {"day_start": f"{AT - timedelta(hours=1)}"}}
    for used, differs in ((100, 0), (101, 3), (99, 3)):
        energy = {"total_energy_kwh": used / 1000, "energy_consumption_kwh": used / 1000}
        answers = {path: [{**energy, **start}] for path, start in starts.items()}
        account = of_energy(counter, lambda path, _: answers[path])  # noqa: B023 - it is called at once
        assert len(account.differences) == differs


def heard(value: bytes, *, connection: int = 0, is_snapshot: bool = False) -> Heard:
    return Heard(connection, 0.0, Stream.ENERGY, value, is_snapshot)


A, B = b'{"device_id":"a","n":1}', b'{"device_id":"a","n":2}'


@pytest.mark.parametrize(
    ("course", "is_right"),
    [
        ([heard(A), heard(B)], True),
        ([heard(A), heard(A, connection=1, is_snapshot=True), heard(B, connection=1)], True),
        ([heard(A), heard(A)], False),
        ([heard(B), heard(A)], False),
        ([heard(B), heard(A, connection=1)], False),
        ([heard(b'{"device_id":"a","n":3}')], False),
    ],
    ids=["in order", "snapshot", "twice", "backwards", "backwards later", "unknown"],
)
def test_a_client_s_course_through_kafka(course: list[Heard], is_right: bool) -> None:
    account = Account("streams")
    follow(account, "a client", course, {Stream.ENERGY: {A: [0], B: [1]}})
    assert (account.differences == []) is is_right


def test_a_recovery_is_of_what_began_after_the_fault() -> None:
    flow = Flow([(10.0, 11.0), (12.0, 20.0)])
    assert flow.seconds_after(11.5) == 8.5
    assert flow.seconds_after(13.0) is None


def test_a_seed_is_one_plan_and_kafka_is_never_killed() -> None:
    assert plan(1, 600, 2.0) == plan(1, 600, 2.0) != plan(2, 600, 2.0)
    faults = plan(1, 6000, 2.0)
    assert {fault.kind for fault in faults} == set(FaultKind)
    assert (FaultKind.KILL, ("kafka",)) not in {(fault.kind, fault.target) for fault in faults}

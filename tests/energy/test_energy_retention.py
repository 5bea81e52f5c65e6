"""What the raw readings of a meter said stays when they expire."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever psycopg2 calls it

from tests.energy.curves import deliveries, meters
from tests.energy.reference import Meter, Reading
from tests.energy.stored import StoredMeter, assert_same, execute, refresh_rollups, with_database

KEPT = timedelta(days=90)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


def moved(readings: Sequence[Reading], hours: int) -> list[Reading]:
    return [Reading(reading.time + hours * HOUR, reading.counter) for reading in readings]


@with_database
@given(data=st.data(), readings=meters())
def test_quarters_stay_when_their_readings_expire(
    telemetry: Connection, data: st.DataObject, readings: list[Reading]
) -> None:
    """Old readings expire, their neighbours of an hour or two later do not, and the rest arrives afterwards.

    A reading that is so late that those of its quarter have expired changes nothing any more.
    """
    newest = data.draw(st.integers(0, len(readings) - 1))
    readings = moved(readings, (datetime.now(UTC) - KEPT - readings[newest].time) // HOUR + 2)
    arrived = readings[: newest + 1]
    later = [reading for reading in readings[newest + 1 :] if reading.time > datetime.now(UTC) - KEPT + QUARTER]
    meter = StoredMeter(telemetry)
    meter.deliver(data.draw(deliveries(arrived)))
    refresh_rollups(telemetry)
    execute(telemetry, "SELECT apply_retention()")
    assert_same(meter.quarters(), Meter(arrived).quarters())
    meter.deliver(data.draw(deliveries(later)))
    assert_same(meter.quarters(), Meter([*arrived, *later]).quarters())

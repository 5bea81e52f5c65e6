"""Several meters in one table: each counts on its own."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever psycopg2 calls it

from tests.energy.curves import arrivals, deliveries, meters
from tests.energy.reference import Meter, Reading
from tests.energy.stored import StoredMeter, assert_same, receive, refresh_rollups, with_database

Batch = Mapping[StoredMeter, Sequence[Reading]]


def rounds(data: st.DataObject, arriving: Mapping[StoredMeter, Sequence[Reading]]) -> list[tuple[Batch, bool]]:
    """Draw batches that hold readings of all meters, and which of them a refresh follows."""
    those = {meter: data.draw(deliveries(readings, count=3)) for meter, readings in arriving.items()}
    return [
        ({meter: parts[turn].readings for meter, parts in those.items()}, data.draw(st.booleans())) for turn in range(3)
    ]


@with_database
@given(data=st.data(), several=st.lists(meters(), min_size=2, max_size=2))
def test_meters_are_never_mixed(database: Connection, data: st.DataObject, several: list[list[Reading]]) -> None:
    arriving = {StoredMeter(database): data.draw(arrivals(readings)) for readings in several}
    for batch, refreshed in rounds(data, arriving):
        receive(database, batch)
        if refreshed:
            refresh_rollups(database)
    for meter, readings in arriving.items():
        assert_same(meter.quarters(), Meter(readings).quarters())
        assert_same(meter.hours(), Meter(readings).hours())

"""The quarters of a meter in the database are those of the model, whatever it sent and however that arrived."""

from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever psycopg2 calls it

from tests.energy.curves import HonestHouse, arrivals, deliveries, honest_houses, meters
from tests.energy.reference import Meter, Reading
from tests.energy.stored import StoredMeter, assert_same, receive, refresh_rollups, with_database


@with_database
@given(data=st.data(), readings=meters())
def test_quarters_are_those_of_the_model(database: Connection, data: st.DataObject, readings: list[Reading]) -> None:
    meter, arriving = StoredMeter(database), data.draw(arrivals(readings))
    meter.deliver(data.draw(deliveries(arriving)))
    found, model = meter.quarters(), Meter(arriving)
    assert_same(found, model.quarters())
    assert sum(quarter.energy_wh for quarter in found) == model.total_wh()


@with_database
@given(data=st.data(), house=honest_houses())
def test_what_was_used_is_counted_to_the_watt_hour(
    database: Connection, data: st.DataObject, house: HonestHouse
) -> None:
    meter = StoredMeter(database)
    meter.deliver(data.draw(deliveries(data.draw(arrivals(house.readings)))))
    assert sum(quarter.energy_wh for quarter in meter.quarters()) == house.used_wh


@with_database
@given(data=st.data(), readings=meters())
def test_no_quarter_is_negative_and_each_counts_whole_watt_hours(
    database: Connection, data: st.DataObject, readings: list[Reading]
) -> None:
    meter = StoredMeter(database)
    meter.deliver(data.draw(deliveries(data.draw(arrivals(readings)))))
    assert all(quarter.energy_wh >= 0 and quarter.energy_wh.is_integer() for quarter in meter.quarters())


@with_database
@given(data=st.data(), readings=meters())
def test_order_of_arrival_and_moments_of_refresh_change_nothing(
    database: Connection, data: st.DataObject, readings: list[Reading]
) -> None:
    in_order, otherwise = StoredMeter(database), StoredMeter(database)
    receive(database, {in_order: readings})
    otherwise.deliver(data.draw(deliveries(data.draw(st.permutations(readings)))))
    assert in_order.quarters() == otherwise.quarters()


@with_database
@given(data=st.data(), readings=meters())
def test_at_every_moment_the_quarters_are_those_of_what_has_arrived(
    database: Connection, data: st.DataObject, readings: list[Reading]
) -> None:
    meter, arrived = StoredMeter(database), list[Reading]()
    for delivery in data.draw(deliveries(data.draw(arrivals(readings)))):
        meter.deliver([delivery])
        arrived += delivery.readings
        assert_same(meter.quarters(), Meter(arrived).quarters())


@with_database
@given(data=st.data(), readings=meters())
def test_a_refresh_changes_no_quarter(database: Connection, data: st.DataObject, readings: list[Reading]) -> None:
    meter = StoredMeter(database)
    meter.deliver(data.draw(deliveries(data.draw(arrivals(readings)))))
    before = meter.quarters()
    for _ in range(2):
        refresh_rollups(database)
        assert meter.quarters() == before

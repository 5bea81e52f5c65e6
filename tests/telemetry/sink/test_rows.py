from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bridge.messages import Message, Value
from telemetry.schema.runner import Connection
from telemetry.sink.rows import array_literals, row_of
from telemetry.sink.tables import ENERGY, HEATPUMP, TABLES, TEMPERATURE, Table
from tests.telemetry.sink.records import START

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def message(tags: dict[str, str] | None = None, /, device: str = "device", **fields: Value) -> Message:
    return Message(ts=START, received_at=START, device_id=device, tags=tags or {}, fields=fields)


def elements(table: Table, made: Message) -> dict[str, str]:
    names = ["time", table.device, *table.tags, *table.fields]
    literals = array_literals([row_of(made, table)], table)
    return dict(zip(names, [literal[1:-1] for literal in literals], strict=True))


def test_a_row_has_one_element_for_each_column_in_order() -> None:
    row = elements(ENERGY, message({"meter_type": "1"}, active_power_l2=7))
    assert row["time"] == "2026-01-01T00:00:00+00:00"
    assert (row["device_serial"], row["meter_type"], row["active_power_l2"]) == ('"device"', '"1"', "7")
    assert [name for name, element in row.items() if element != "null"] == [
        "time", "device_serial", "meter_type", "active_power_l2"
    ]  # fmt: skip


def test_members_without_a_column_are_left_out() -> None:
    row = elements(ENERGY, message({"colour": "red", "device_serial": "x"}, active_power_total=1, heating_curve=40))
    assert set(row.values()) == {"2026-01-01T00:00:00+00:00", '"device"', "1", "null"}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_message_with_none_of_the_table_s_values_is_refused(table: Table) -> None:
    """As one that stands on another topic than its own."""
    with pytest.raises(ValueError, match=f"none of the values of {table.name}"):
        row_of(message({"location": "attic", "meter_type": "1"}, unheard_of=1, integral=None), table)


@pytest.mark.parametrize(
    ("value", "element"), [(21.0, "21"), (-0.0, "0"), (21.5, "21.5"), (1e22, "1" + "0" * 22), (2**70, str(2**70))]
)
def test_a_whole_number_is_written_so_that_an_integer_column_takes_it(value: float, element: str) -> None:
    assert elements(ENERGY, message(active_energy_total=value))["active_energy_total"] == element


@pytest.mark.parametrize(
    ("table", "name", "value", "complaint"),
    [
        (TEMPERATURE, "temperature_c", "NaN", "temperature_c is text, and its column is double precision"),
        (TEMPERATURE, "temperature_c", "21.5", "temperature_c is text"),
        (TEMPERATURE, "temperature_c", True, "temperature_c is true or false"),
        (TEMPERATURE, "external_power", 1, "external_power is a number, and its column is boolean"),
        (TEMPERATURE, "external_power", "yes", "external_power is text"),
        (ENERGY, "active_energy_total", ["1"], "active_energy_total is a list, and its column is bigint"),
        (HEATPUMP, "alarms", "{a,NULL}", r"alarms is text, and its column is text\[\]"),
        (HEATPUMP, "alarms", 3, "alarms is a number"),
    ],
)
def test_a_value_of_another_kind_than_its_column_is_refused(
    table: Table, name: str, value: Value, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        row_of(Message(START, START, "device", {}, {name: value}), table)


@pytest.mark.parametrize("wrong", ["a\0b", "\ud800"])
def test_text_that_postgresql_cannot_hold_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        row_of(message(alarms=["fine", wrong]), HEATPUMP)
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        row_of(message({"location": wrong}, temperature_c=1), TEMPERATURE)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            text,
            st.none() | st.lists(text),
            st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70),
            st.none() | st.booleans(),
        ),
        min_size=1,
    )
)
def test_the_server_takes_from_the_literals_what_was_put_in(
    django_db_setup: None, rows: list[tuple[str, list[str] | None, float | None, bool | None]]
) -> None:
    made = [
        row_of(message(device=device, integral=0, alarms=alarms, indoor_temp=temp, brinepump_on=on), HEATPUMP)
        for device, alarms, temp, on in rows
    ]
    names = ["time", "device_id", *HEATPUMP.fields]
    columns = dict(zip(names, array_literals(made, HEATPUMP), strict=True))
    wanted = [columns[name] for name in ("device_id", "alarms", "indoor_temp", "brinepump_on")]
    assert unnested(wanted) == [
        (device, alarms, temp if temp is None else float(temp), on) for device, alarms, temp, on in rows
    ]


def unnested(literals: list[str]) -> list[tuple[Any, ...]]:
    """Let the server take array literals apart in the way of `Table.insert`."""
    connection: Connection
    with closing(psycopg2.connect(settings.TELEMETRY_OWNER_URL)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT a, b::text[], c, d "
            "FROM unnest(%s::text[], %s::text[], %s::double precision[], %s::boolean[]) AS rows (a, b, c, d)",
            literals,
        )
        return cursor.fetchall()

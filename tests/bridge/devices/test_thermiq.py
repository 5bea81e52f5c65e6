from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.messages import Reason, Topic
from tests.bridge.devices.house import PUMP, RECEIVED_AT, TAKEN_AT, bad, reading, sent

CLIENT = {"Client_Name": "ThermIQ_30AEA413D85C"}


def pump(**members: Any) -> dict[str, Any]:
    return sent("thermiq_decimal") | members


def field(name: str, **members: Any) -> object:
    """The field of a message that carries these members and an outdoor temperature."""
    return reading(PUMP, CLIENT | {"d0": 5} | members).fields[name]


def test_a_message_fills_every_column_and_every_setting() -> None:
    found = reading(PUMP, pump())
    assert found.topic is Topic.HEATPUMP
    assert found.device_id == "thermiq_heatpump"
    assert found.tags == {"device_id": "thermiq_heatpump"}
    assert (found.ts, found.received_at) == (TAKEN_AT, RECEIVED_AT)
    assert found.fields == {
        "outdoor_temp": -3.0,
        "supplyline_temp": 38.0,
        "returnline_temp": 32.0,
        "hotwater_temp": 51.0,
        "brine_out_temp": -2.0,
        "brine_in_temp": 1.0,
        "indoor_temp": 21.4,
        "flowlinepump_speed": 62,
        "runtime_compressor": 28417,
        "runtime_hotwater": 4120,
        "runtime_3kw": 312,
        "runtime_6kw": 57,
        "brinepump_on": True,
        "compressor_on": True,
        "flowlinepump_on": True,
        "hotwater_production": False,
        "aux_heater_3kw_on": True,
        "aux_heater_6kw_on": False,
        "integral": -112,
        "alarms": [],
        "indoor_target_temp": 21,
        "mode": 1,
        "curve": 38,
        "curve_min": 22,
        "curve_max": 55,
        "curve_plus_5": 0,
        "curve_zero": -1,
        "curve_minus_5": 2,
        "heatstop": 17,
        "integral_setting": -60,
    }


def test_hexadecimal_names_and_raw_16_bits_say_the_same() -> None:
    differing = {
        "indoor_temp": 20.6,
        "curve_plus_5": -3,
        "alarms": [
            "alarm_indication",
            "high_pressure",
            "low_brine_flow",
            "outdoor_sensor",
            "overheating",
        ],
    }
    assert reading(PUMP, sent("thermiq_hex")).fields == {**reading(PUMP, pump()).fields, **differing}


@pytest.mark.parametrize("key", ["d50", "d050", "D50", "D050", "r32", "R32"])
def test_a_register_has_many_names(key: str) -> None:
    assert field("indoor_target_temp", **{key: 22}) == 22


@pytest.mark.parametrize("key", ["r3a", "r3A", "R3A", "d58"])
def test_the_case_of_a_hexadecimal_digit_does_not_matter(key: str) -> None:
    assert field("heatstop", **{key: 18}) == 18


@pytest.mark.parametrize("key", ["d", "d0050", "d+50", "d5 0", "d\uff15\uff10", "r032", "r", "rxx", "50", "d300"])
def test_a_name_that_is_no_register_is_passed_over(key: str) -> None:
    assert field("indoor_target_temp", **{key: 22}) is None


def test_of_two_names_for_one_register_the_later_usable_one_wins() -> None:
    assert field("indoor_target_temp", d50=20, r32=22) == 22
    assert field("indoor_target_temp", r32=22, d50=20) == 20
    assert field("indoor_target_temp", r32=22, d50=None) == 22


@pytest.mark.parametrize("value", [22, 22.0, "22", "22.0"])
def test_a_whole_number_may_come_as_a_decimal_or_in_a_string(value: object) -> None:
    assert field("indoor_target_temp", d50=value) == 22


@pytest.mark.parametrize(
    "value", [None, True, False, "", "warm", "nan", "inf", "1e999", "1_0", 65536, -32769, 10**30, 1e300, [22], {}]
)
def test_a_value_that_no_register_can_hold_is_absent(value: object) -> None:
    assert field("indoor_target_temp", d50=value) is None
    assert field("supplyline_temp", d5=value) is None
    assert field("compressor_on", d16=value) is None


@pytest.mark.parametrize(("value", "expected"), [(21.37, 21.4), ("21.5", 21.5), (65533, -3.0), (-3, -3.0)])
def test_a_temperature_keeps_one_decimal_and_its_sign(value: object, expected: float) -> None:
    assert field("supplyline_temp", d5=value) == expected


def test_a_fraction_is_no_echo_of_a_setting_and_no_set_of_flags() -> None:
    assert field("indoor_target_temp", d50=21.4) is None
    assert field("compressor_on", d16=2.5) is None


def test_a_fraction_of_a_count_is_rounded() -> None:
    assert field("runtime_compressor", d104=28416.8) == 28417


@pytest.mark.parametrize("shown", [40000, -25536])
def test_a_run_time_past_15_bits_is_the_same_however_the_interface_shows_it(shown: int) -> None:
    assert field("runtime_compressor", d104=shown) == 40000


@pytest.mark.parametrize(
    ("key", "name"),
    [("d25", "integral"), ("d55", "curve_plus_5"), ("d56", "curve_zero"), ("d57", "curve_minus_5")],
)
def test_a_signed_register_reads_65533_as_minus_3(key: str, name: str) -> None:
    assert field(name, **{key: 65533}) == -3


def test_the_integral_setting_is_signed() -> None:
    assert field("integral_setting", d73=32768) == -32768
    assert field("integral_setting", d73=32767) == 32767


def test_a_setting_outside_what_may_be_written_is_still_what_the_pump_says() -> None:
    assert field("indoor_target_temp", d50=8) == 8


@pytest.mark.parametrize(
    ("key", "bit", "name"),
    [
        ("d16", 0, "brinepump_on"),
        ("d16", 1, "compressor_on"),
        ("d16", 2, "flowlinepump_on"),
        ("d16", 3, "hotwater_production"),
        ("d13", 0, "aux_heater_3kw_on"),
        ("d13", 1, "aux_heater_6kw_on"),
    ],
)
def test_a_flag_is_one_bit(key: str, bit: int, name: str) -> None:
    assert field(name, **{key: 1 << bit}) is True
    assert field(name, **{key: 0xFFFF & ~(1 << bit)}) is False
    assert field(name) is None


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("d19", ["high_pressure", "low_pressure", "motor_breaker", "low_brine_flow", "low_brine_temperature"]),
        (
            "d20",
            [
                "outdoor_sensor",
                "supply_sensor",
                "return_sensor",
                "hot_water_sensor",
                "indoor_sensor",
                "phase_order",
                "overheating",
            ],
        ),
    ],
)
def test_each_alarm_has_its_bit(key: str, names: list[str]) -> None:
    for bit, name in enumerate(names):
        assert field("alarms", **{key: 1 << bit}) == [name]
    assert field("alarms", **{key: 0xFFFF}) == names


def test_the_alarm_indication_is_bit_6_of_register_17() -> None:
    assert field("alarms", d17=1 << 6, d19=0) == ["alarm_indication"]
    assert field("alarms", d17=0xFFFF & ~(1 << 6), d19=0) == []


def test_alarms_are_unknown_without_their_registers() -> None:
    assert field("alarms") is None


def test_the_room_sensor_is_the_indoor_temperature() -> None:
    assert field("indoor_temp", INDR_T=21.44, d1=20, d2=6) == 21.4
    assert field("indoor_temp", INDR_T="21.4") == 21.4


@pytest.mark.parametrize("room", [None, True, "warm", "nan", "inf"])
def test_without_a_room_sensor_it_is_what_the_pump_sees(room: object) -> None:
    assert field("indoor_temp", INDR_T=room, d1=20, d2=6) == 20.6
    assert field("indoor_temp", d1=20, d2=6) == 20.6


def test_degrees_and_tenths_count_only_in_one_message() -> None:
    assert field("indoor_temp", d1=20) is None
    assert field("indoor_temp", d2=6) is None


@pytest.mark.parametrize("name", [None, "", "ThermIQ", "thermiq_x", "Tasmota_x", 12345678, True, ["ThermIQ_x"], {}])
def test_a_message_of_another_client_is_not_ours(name: object) -> None:
    assert bad(PUMP, pump(Client_Name=name)).reason is Reason.NOT_OURS


def test_a_message_without_a_client_is_not_ours() -> None:
    assert bad(PUMP, {"d0": 5}).reason is Reason.NOT_OURS


@pytest.mark.parametrize("vp_read", ["MISMATCH", "mismatch", " Mismatch\n"])
def test_registers_read_while_the_pump_was_lost_are_not_trusted(vp_read: str) -> None:
    assert bad(PUMP, pump(vp_read=vp_read)).reason is Reason.UNTRUSTED


@pytest.mark.parametrize("vp_read", ["Ok", None, 1, "no MISMATCH"])
def test_any_other_state_of_the_interface_is_trusted(vp_read: object) -> None:
    assert reading(PUMP, pump(vp_read=vp_read)).fields["outdoor_temp"] == -3.0


def test_a_message_without_any_register_of_ours_is_bad() -> None:
    assert bad(PUMP, CLIENT).reason is Reason.INVALID
    assert bad(PUMP, CLIENT | {"EVU": 0, "d115": 4, "d0": None}).reason is Reason.INVALID


@pytest.mark.parametrize("timestamp", [1795551300, 1795551300.0, "1795551300"])
def test_the_time_is_the_unix_time(timestamp: object) -> None:
    assert reading(PUMP, pump(timestamp=timestamp, time="2026-11-24 09:00:00")).ts == TAKEN_AT


INSANE: list[object] = [0, 946684812, 1795637703, -1, 1e300, 10**30, None, True, "", "soon", [], {}]


@pytest.mark.parametrize("timestamp", INSANE)
def test_without_a_sane_unix_time_it_is_the_house_s_local_time(timestamp: object) -> None:
    assert reading(PUMP, pump(timestamp=timestamp, time="2026-11-24 21:15:00")).ts == TAKEN_AT


@pytest.mark.parametrize("text", ["1970-01-01 01:00:12", "21:15", "2026-11-24", "", None, 21])
@pytest.mark.parametrize("timestamp", [0, None])
def test_without_any_sane_time_it_is_the_time_of_receipt(timestamp: object, text: object) -> None:
    assert reading(PUMP, pump(timestamp=timestamp, time=text)).ts == RECEIVED_AT


@pytest.mark.parametrize("utc_hour", [0, 1])
def test_a_local_time_of_the_repeated_hour_is_the_nearer_of_the_two(utc_hour: int) -> None:
    taken_at = datetime(2026, 10, 25, utc_hour, 30, tzinfo=UTC)
    message = pump(timestamp=None, time="2026-10-25 02:30:00")
    assert reading(PUMP, message, received_at=taken_at + timedelta(seconds=2)).ts == taken_at

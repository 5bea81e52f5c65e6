from datetime import timedelta
from typing import Any

import pytest

from bridge.messages import Reason, Topic
from tests.bridge.devices.house import METER, RECEIVED_AT, TAKEN_AT, bad, reading, sent


def meter(**members: Any) -> dict[str, Any]:
    return sent("saveeye_three_phase") | members


def test_a_three_phase_meter_fills_every_column() -> None:
    found = reading(METER, meter())
    assert found.topic is Topic.ENERGY
    assert found.device_id == "SE4C21A0"
    assert (found.ts, found.received_at) == (TAKEN_AT, RECEIVED_AT)
    assert found.tags == {"device_serial": "SE4C21A0", "meter_type": "AIDON_V0001"}
    assert found.fields == {
        "wifi_rssi": -67,
        "active_power_total": 2346,
        "active_power_l1": 1170,
        "active_power_l2": 642,
        "active_power_l3": 534,
        "active_production_total": 0,
        "active_energy_total": 48_211_734,
        "active_energy_production": 1250,
        "voltage_l1": 231.2,
        "voltage_l2": 232.0,
        "voltage_l3": 229.8,
        "current_l1": 5100,
        "current_l2": 2810,
        "current_l3": 2360,
        "power_factor": 98.5,
    }


def test_a_single_phase_meter_leaves_the_other_phases_and_missing_objects_null() -> None:
    found = reading(METER, sent("saveeye_single_phase"))
    assert {name: value for name, value in found.fields.items() if value is not None} == {
        "wifi_rssi": -71,
        "active_power_total": 812,
        "active_power_l1": 812,
        "active_energy_total": 9_120_344,
        "voltage_l1": 228.9,
        "current_l1": 3550,
    }


def test_the_device_s_own_object_is_kept() -> None:
    assert reading(METER, meter()).raw == meter()


@pytest.mark.parametrize("serial", [4711001234, 4711001234.0, "4711001234", " 4711001234\n"])
def test_a_serial_is_the_same_text_however_the_firmware_sends_it(serial: object) -> None:
    found = reading(METER, meter(saveeyeDeviceSerialNumber=serial))
    assert found.device_id == found.tags["device_serial"] == "4711001234"


@pytest.mark.parametrize("serial", [None, "", "  ", True, 12.5, [], {}, "SE\x004C", "x" * 201, 1e300])
def test_a_reading_without_a_usable_serial_is_bad(serial: object) -> None:
    assert bad(METER, meter(saveeyeDeviceSerialNumber=serial)).reason is Reason.INVALID


@pytest.mark.parametrize("meter_type", [None, "", 5])
def test_a_missing_meter_type_is_no_tag(meter_type: object) -> None:
    assert reading(METER, meter(meterType=meter_type)).tags == {"device_serial": "SE4C21A0"}


def test_a_meter_type_that_postgresql_cannot_hold_is_bad() -> None:
    assert bad(METER, meter(meterType="AIDON\0")).reason is Reason.INVALID


@pytest.mark.parametrize(
    ("column", "member", "value"),
    [
        ("active_power_total", "activeActualConsumption", 70_000),
        ("active_energy_total", "activeTotalConsumption", 3_000_000_000),
        ("active_energy_total", "activeTotalConsumption", 0),
        ("active_energy_total", "activeTotalConsumption", 10**20),
        ("active_power_total", "activeActualConsumption", -40),
    ],
)
def test_a_number_is_passed_on_whatever_it_says(column: str, member: str, value: int) -> None:
    assert reading(METER, meter(**{member: {"total": value}})).fields[column] == value


@pytest.mark.parametrize("value", ["2346", True, None, [], {}, {"total": {}}])
def test_one_unusable_member_does_not_cost_the_others(value: object) -> None:
    found = reading(METER, meter(activeActualConsumption={"total": value, "L1": 1170}))
    assert found.fields["active_power_total"] is None
    assert found.fields["active_power_l1"] == 1170


@pytest.mark.parametrize("value", [None, 5, "none", [1]])
def test_a_nested_object_that_is_none_leaves_its_columns_null(value: object) -> None:
    assert reading(METER, meter(rmsVoltage=value)).fields["voltage_l1"] is None


def test_decimals_are_rounded_where_the_column_is_whole() -> None:
    fields = reading(METER, meter(activeTotalConsumption={"total": 48211734.7}, rmsCurrent={"L1": 5099.6})).fields
    assert (fields["active_energy_total"], fields["current_l1"]) == (48_211_735, 5100)


def test_a_message_without_any_value_is_bad() -> None:
    message = {"saveeyeDeviceSerialNumber": "SE4C21A0", "timestamp": "2026-11-24T20:15:00Z", "wifiRssi": "-67"}
    assert bad(METER, message).reason is Reason.INVALID


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-24T20:15:00", "2026-11-24 20:15:00", "2026-11-24T20:15:00+00:00", "2026-11-24T21:15:00+01:00"],
)
def test_a_time_without_an_offset_is_utc_and_an_offset_counts(timestamp: str) -> None:
    assert reading(METER, meter(timestamp=timestamp)).ts == TAKEN_AT


@pytest.mark.parametrize(
    "timestamp",
    [
        "1970-01-01T00:00:12Z",
        "2000-01-01T00:00:12Z",
        "2019-12-31T23:59:59Z",
        "2026-11-25T20:15:03Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-11-24",
        "2026-02-30T00:00:00Z",
        "soon",
        "",
        1795551300,
        None,
        True,
    ],
)
def test_a_clock_that_cannot_be_believed_gives_way_to_the_time_of_receipt(timestamp: object) -> None:
    assert reading(METER, meter(timestamp=timestamp)).ts == RECEIVED_AT


def test_a_missing_time_gives_way_to_the_time_of_receipt() -> None:
    message = meter()
    del message["timestamp"]
    assert reading(METER, message).ts == RECEIVED_AT


def test_a_second_sent_twice_has_one_time() -> None:
    later = RECEIVED_AT + timedelta(seconds=5)
    assert reading(METER, meter()).ts == reading(METER, meter(), received_at=later).ts

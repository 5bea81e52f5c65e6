from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.messages import Reason, Skip, Topic
from tests.bridge.devices.house import RECEIVED_AT, SENSOR, bad, outcome, reading, sent, skip

COMPONENTS = {
    "temperature:0": ["temperature_c", "temperature_f"],
    "humidity:0": ["humidity"],
    "wifi": ["wifi_rssi"],
    "devicepower:0": ["battery_voltage", "battery_percent", "external_power"],
    "sys": ["uptime", "ram_free"],
}


def full_status(**params: Any) -> dict[str, Any]:
    frame = sent("shelly_full_status")
    return frame | {"params": frame["params"] | params}


def status(**params: Any) -> dict[str, Any]:
    return sent("shelly_status") | {"params": {"ts": 1795551361.02} | params}


def test_a_full_status_fills_every_column_but_the_outdoor_ones() -> None:
    found = reading(SENSOR, full_status())
    assert found.topic is Topic.TEMPERATURE_INDOOR
    assert found.device_id == "shellyhtg3-e4b32322a0f4"
    assert found.ts == datetime(2026, 11, 24, 20, 15, 0, 530_000, tzinfo=UTC)
    assert found.received_at == RECEIVED_AT
    assert found.tags == {
        "device_id": "shellyhtg3-e4b32322a0f4",
        "mac_address": "e4b32322a0f4",
        "location": "indoor",
    }
    assert found.fields == {
        "temperature_c": 21.3,
        "temperature_f": 70.3,
        "humidity": 41.6,
        "wifi_rssi": -58,
        "battery_voltage": 5.42,
        "battery_percent": 78,
        "external_power": False,
        "uptime": 2,
        "ram_free": 121044,
        "wind_speed_ms": None,
        "pressure_hpa": None,
    }


def test_a_change_stores_what_it_carries_and_leaves_the_rest_null() -> None:
    fields = reading(SENSOR, sent("shelly_status")).fields
    assert {name: value for name, value in fields.items() if value is not None} == {
        "temperature_c": 21.9,
        "temperature_f": 71.4,
    }


def test_a_change_names_the_sensor_as_a_full_status_does() -> None:
    assert reading(SENSOR, sent("shelly_status")).tags == reading(SENSOR, full_status()).tags


@pytest.mark.parametrize("params", [{}, {"cloud": {"connected": True}}, {"temperature:0": None}])
def test_a_change_of_nothing_that_is_stored_is_skipped(params: dict[str, Any]) -> None:
    assert skip(SENSOR, status(**params)) == Skip("nothing to store")


def test_a_change_that_carries_only_rubbish_is_bad() -> None:
    assert bad(SENSOR, status(**{"temperature:0": {"tC": "warm"}})).reason is Reason.INVALID


def test_an_event_is_skipped() -> None:
    assert skip(SENSOR, sent("shelly_event")) == Skip("event")


def test_a_method_that_nobody_told_us_of_is_skipped() -> None:
    assert skip(SENSOR, full_status() | {"method": "NotifyWeather"}) == Skip("other method")


@pytest.mark.parametrize("method", [None, 5, [], {}])
def test_a_frame_without_a_method_is_bad(method: object) -> None:
    assert bad(SENSOR, full_status() | {"method": method}).reason is Reason.INVALID


@pytest.mark.parametrize("topic", ["shellyplug-s-1/events/rpc", "kitchen/events/rpc", "/events/rpc"])
@pytest.mark.parametrize("payload", [b"not JSON", b"{}", b""])
def test_other_shelly_devices_are_skipped_unread(topic: str, payload: bytes) -> None:
    assert outcome(topic, payload) == Skip("other device")


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("state", [None, {}, 5, "gone", []])
def test_a_component_that_disappeared_is_null(component: str, state: object) -> None:
    fields = reading(SENSOR, full_status(**{component: state})).fields
    assert {name for name, value in fields.items() if value is None} == {
        *COMPONENTS[component],
        "wind_speed_ms",
        "pressure_hpa",
    }


def test_one_unusable_value_does_not_cost_the_others() -> None:
    power = {"battery": {"V": "5.42", "percent": 78.4}, "external": {"present": 1}}
    fields = reading(SENSOR, full_status(**{"devicepower:0": power})).fields
    assert fields["battery_voltage"] is None
    assert fields["battery_percent"] == 78
    assert fields["external_power"] is None


@pytest.mark.parametrize("ts", [None, 0, 946684812.5, 1e300, 10**30, "1795551300", True, {}])
def test_a_sensor_without_the_time_gets_the_time_of_receipt(ts: object) -> None:
    assert reading(SENSOR, full_status(ts=ts)).ts == RECEIVED_AT


def test_a_frame_without_ts_gets_the_time_of_receipt() -> None:
    frame = full_status()
    del frame["params"]["ts"]
    assert reading(SENSOR, frame).ts == RECEIVED_AT


@pytest.mark.parametrize("mac", [None, "", 5])
def test_without_its_mac_address_the_id_ends_with_it(mac: object) -> None:
    assert reading(SENSOR, full_status(sys={"mac": mac})).tags["mac_address"] == "e4b32322a0f4"


def test_the_location_comes_from_the_settings() -> None:
    frame = full_status() | {"src": "shellyhtg3-aabbccddeeff"}
    assert reading("shellyhtg3-aabbccddeeff/events/rpc", frame).tags["location"] == "bedroom"


@pytest.mark.parametrize("src", [None, "", 5, "shellyhtg3-", "shellyplus1-e4b32322a0f4", "shellyhtg3-\0"])
def test_a_frame_without_the_id_of_a_sensor_is_bad(src: object) -> None:
    assert bad(SENSOR, full_status() | {"src": src}).reason is Reason.INVALID


def test_a_mac_address_that_postgresql_cannot_hold_is_bad() -> None:
    assert bad(SENSOR, full_status(sys={"mac": "\0"})).reason is Reason.INVALID


@pytest.mark.parametrize("params", [None, [], 5, "", {}])
def test_a_full_status_without_a_state_is_bad(params: object) -> None:
    assert bad(SENSOR, full_status() | {"params": params}).reason is Reason.INVALID

import pytest

from bridge.devices import DEVICES, translate
from bridge.devices.device import House
from bridge.messages import Reading, Reason
from tests.bridge.devices.house import METER, PUMP, RECEIVED_AT, SENSOR, bad, reading, sent

TOPICS = [METER, PUMP, SENSOR]


def test_the_devices_say_what_to_subscribe_to() -> None:
    house = House(thermiq_nodes=("thermiq_heatpump", "ThermIQ/cottage"))
    assert [topic for device in DEVICES for topic in device.subscriptions(house)] == [
        "saveeye/telemetry",
        "thermiq_heatpump/data",
        "ThermIQ/cottage/data",
        "+/events/rpc",
    ]


def test_a_heat_pump_is_known_by_its_node() -> None:
    house = House(thermiq_nodes=("thermiq_heatpump", "ThermIQ/cottage"))
    found = translate("ThermIQ/cottage/data", b'{"Client_Name": "ThermIQ_x", "d0": 5}', RECEIVED_AT, house)
    assert isinstance(found, Reading)
    assert found.device_id == "ThermIQ/cottage"


@pytest.mark.parametrize("topic", ["", "saveeye", "thermiq_heatpump/write", "thermiq_room/data", "a/b/events/rpc"])
def test_a_topic_of_no_device_is_not_ours(topic: str) -> None:
    assert bad(topic, sent("thermiq_decimal")).reason is Reason.NOT_OURS


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"   ",
        b"{not json",
        b'{"a": 1} {"a": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"{'a': 1}",
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00 is half a character"}',
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_bad(topic: str, payload: bytes) -> None:
    assert bad(topic, payload).reason is Reason.NOT_JSON


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("payload", [b"[]", b"[{}]", b"5", b"2.5", b'"hello"', b"null", b"true"])
def test_what_is_not_an_object_is_bad(topic: str, payload: bytes) -> None:
    assert bad(topic, payload).reason is Reason.NOT_AN_OBJECT


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "value",
    [b"1e999", b"-1e999", b"9" * 5000, b"9" * 400 + b".5", b"[" * 100_000, b"[" * 50 + b"]" * 50, b'{"a":' * 100_000],
)
def test_what_cannot_be_held_or_handed_on_is_bad(topic: str, value: bytes) -> None:
    assert bad(topic, b'{"a": ' + value + b"}").reason is Reason.INVALID


def test_a_good_message_that_nests_too_deeply_to_be_handed_on_is_bad() -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    assert bad(METER, sent("saveeye_three_phase") | {"extra": deep}).detail == "nested too deeply"


def test_a_member_given_twice_counts_as_its_last() -> None:
    payload = b'{"saveeyeDeviceSerialNumber": "SE4C21A0", "wifiRssi": -60, "wifiRssi": -70}'
    assert reading(METER, payload).fields["wifi_rssi"] == -70

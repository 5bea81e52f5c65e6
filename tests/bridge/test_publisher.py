import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bridge.mqtt import MqttAddress, parse_url
from bridge.publisher import MAX_IN_FLIGHT, Publisher, PublishError
from homelab_site.stack.child import free_port
from homelab_site.stack.services import Mqtt
from tests.bridge.listener import Listener
from tests.waiting import eventually


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mqtt]:
    service = Mqtt(tmp_path)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def address(broker: Mqtt) -> MqttAddress:
    return parse_url(broker.environment()["MQTT_URL"])


def pump_until(publisher: Publisher, condition: Callable[[], object]) -> None:
    def pumped() -> object:
        publisher.pump(0.05)
        return condition()

    eventually(pumped)


def test_everything_arrives_in_order_with_qos_1_and_not_retained(broker: Mqtt, address: MqttAddress) -> None:
    count = 3 * MAX_IN_FLIGHT
    with Listener(broker.environment()["MQTT_URL"], "#") as listener, Publisher(address, "test") as publisher:
        for number in range(count):
            publisher.publish("readings", b"%d" % number)
            assert publisher.in_flight <= MAX_IN_FLIGHT
        publisher.wait_until_acknowledged()
        assert (publisher.in_flight, publisher.acknowledged) == (0, count)
        seen = listener.take(count)
    assert seen == [("readings", b"%d" % number, 1, False) for number in range(count)]


def test_each_acknowledgement_is_told(address: MqttAddress) -> None:
    told: list[int] = []
    with Publisher(address, "test") as publisher:
        for number in range(5):
            publisher.publish("readings", b"x", partial(told.append, number))
        publisher.wait_until_acknowledged()
    assert told == [0, 1, 2, 3, 4]


def test_a_message_on_a_subscribed_topic_is_handed_over(address: MqttAddress) -> None:
    taken: list[tuple[str, bytes]] = []
    with Publisher(address, "test", subscribe=["pump/write"], on_message=lambda *one: taken.append(one)) as publisher:
        publisher.publish("pump/write", b'{"d50":21}')
        pump_until(publisher, lambda: taken)
    assert taken == [("pump/write", b'{"d50":21}')]


def test_a_broker_that_is_away_at_the_start_is_named() -> None:
    port = free_port()
    with pytest.raises(PublishError, match=f"MQTT broker at 127.0.0.1:{port} cannot be used: Connection refused"):
        Publisher(parse_url(f"mqtt://127.0.0.1:{port}"), "test").__enter__()


def test_publishing_goes_on_when_the_broker_comes_back(
    broker: Mqtt, address: MqttAddress, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bridge.publisher")
    with Publisher(address, "test") as publisher:
        publisher.publish("readings", b"before")
        publisher.wait_until_acknowledged()
        broker.kill()
        pump_until(publisher, lambda: not publisher.is_connected)
        broker.start()
        publisher.publish("readings", b"after")
        publisher.wait_until_acknowledged()
        assert publisher.acknowledged == 2
    assert "is away" in caplog.messages[0]
    assert "is back" in caplog.messages[-1]


def test_what_was_not_acknowledged_is_sent_again_in_order(broker: Mqtt, address: MqttAddress) -> None:
    told: list[bytes] = []
    with Publisher(address, "test") as publisher:
        broker.kill()
        for payload in (b"1", b"2", b"3"):
            publisher.publish("readings", payload, partial(told.append, payload))
        assert publisher.in_flight == 3
        pump_until(publisher, lambda: not publisher.is_connected)
        broker.start()
        publisher.wait_until_acknowledged()
    assert told == [b"1", b"2", b"3"]


def test_waiting_ends_when_nothing_is_acknowledged_for_too_long(broker: Mqtt, address: MqttAddress) -> None:
    with Publisher(address, "test", patience=0.5) as publisher:
        broker.kill()
        publisher.publish("readings", b"lost")
        with pytest.raises(PublishError, match=r"has acknowledged nothing for 0\.5 s"):
            publisher.wait_until_acknowledged()

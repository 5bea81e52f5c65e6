"""What `/ws/energy` says and hears, with a web process and a stream worker."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bridge.messages import Topic, encode_reading
from tests.telemetry.live.client import Client, connected
from tests.telemetry.live.house import TOKEN, House, reading
from tests.waiting import eventually


@pytest.fixture(scope="module")
def port(house: House) -> int:
    # A client that is there has long enough to answer, also where its core is busy with something else.
    port = house.web("--ping-interval", "1", "--ping-timeout", "8")
    house.worker()
    return port


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    with connected(port, TOKEN) as client:
        yield client


def heard_of(client: Client, device: str) -> list[dict[str, object]]:
    """Return all that comes until the reading of a device."""
    heard = [client.hear()]
    while heard[-1].get("data", {}).get("device_id") != device:
        heard.append(client.hear())
    return heard


def test_a_subscriber_gets_what_kafka_gets(house: House, client: Client) -> None:
    assert client.subscribe("energy") == {"type": "subscribed", "streams": ["energy"]}
    sent = reading(1, "new meter", unit="a device's own member")
    house.publish([sent])
    assert heard_of(client, "new meter")[-1] == {
        "type": "data",
        "stream": "energy",
        "timestamp": "2026-11-25T00:00:01Z",
        "data": json.loads(encode_reading(sent)),
    }


def test_a_new_subscriber_gets_the_newest_reading_of_each_device_at_once(house: House, client: Client) -> None:
    indoor, outdoor = Topic.TEMPERATURE_INDOOR, Topic.TEMPERATURE_OUTDOOR
    client.subscribe("temperature")
    house.publish([reading(1, "attic", indoor), reading(2, "attic", indoor), reading(3, "garden", outdoor)])
    assert sorted(client.numbers(3)) == [1, 2, 3]  # each topic comes when it comes
    with connected(house_port(client), TOKEN) as another:
        another.subscribe("temperature")
        newest = [another.hear(), another.hear()]
    assert {(one["data"]["device_id"], one["data"]["number"]) for one in newest} == {("attic", 2), ("garden", 3)}
    assert all(one["snapshot"] is True and one["stream"] == "temperature" for one in newest)


def test_a_web_process_that_has_just_started_knows_the_newest_readings(house: House, client: Client) -> None:
    client.subscribe("heatpump")
    house.publish([reading(1, "pump", Topic.HEATPUMP), reading(2, "pump", Topic.HEATPUMP)])
    heard_of(client, "pump")
    with connected(house.web(), TOKEN) as another:
        another.subscribe("heatpump")
        newest = another.hear()
        assert (newest["snapshot"], newest["data"]["device_id"], newest["data"]["number"]) == (True, "pump", 2)


def test_nothing_comes_that_was_not_subscribed_to(house: House, client: Client) -> None:
    with connected(house_port(client), TOKEN) as of_all:
        of_all.subscribe("energy", "heatpump")
        house.publish([reading(1, "not for all"), reading(1, "also not", Topic.HEATPUMP)])
        heard_of(of_all, "also not")
    assert client.ask(type="ping")["type"] == "pong"


def test_whoever_unsubscribes_gets_no_more(house: House, client: Client) -> None:
    client.say(type="subscribe", streams=["energy", "heatpump"])
    client.say(type="unsubscribe", streams=["energy", "temperature"])
    while (heard := client.hear())["type"] != "unsubscribed":
        pass
    assert heard["streams"] == ["energy"]
    house.publish([reading(1, "unheard")])
    house.publish([reading(1, "last pump", Topic.HEATPUMP)])
    assert [one["stream"] for one in heard_of(client, "last pump")] == ["heatpump"]


def test_only_what_is_newly_subscribed_is_named(client: Client) -> None:
    assert client.subscribe("heatpump", "heatpump")["streams"] == ["heatpump"]
    client.say(type="subscribe", streams=["heatpump", "temperature"])
    answers = iter(client.hear, {"type": "subscribed", "streams": ["temperature"]})
    assert all(answer["type"] == "data" for answer in answers)


def test_an_unknown_stream_is_an_error_and_the_others_count(client: Client) -> None:
    client.say(type="subscribe", streams=["gas", "temperature"])
    assert client.hear() == {"type": "subscribed", "streams": ["temperature"]}
    while (heard := client.hear())["type"] == "data":
        pass
    assert heard == {"type": "error", "message": "There is no stream called gas.", "code": "stream_not_found"}
    assert client.ask(type="unsubscribe", streams=["gas"])["code"] == "stream_not_found"


def test_a_ping_is_answered_with_the_time(client: Client) -> None:
    pong = client.ask(type="ping")
    assert pong.keys() == {"type", "timestamp"}
    assert pong["timestamp"].endswith("Z")
    assert abs(datetime.fromisoformat(pong["timestamp"]) - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.parametrize(
    "text",
    [
        *('{"type":' + "[" * 4_000, "[" * 4_000),
        *("", "not JSON", "[]", "null", "{}", '"\\ud800"', b"bytes", '{"type": 1}', '{"type": "shout"}'),
        *(
            '{"type": "subscribe"}',
            '{"type": "subscribe", "streams": "energy"}',
            '{"type": "subscribe", "streams": [1]}',
        ),
    ],
)
def test_what_is_no_message_is_an_error_and_the_connection_goes_on(client: Client, text: str | bytes) -> None:
    client.connection.send(text)
    error = client.hear()
    assert (error["type"], error["code"]) == ("error", "invalid_message")
    assert client.ask(type="ping")["type"] == "pong"


def test_a_message_that_is_too_large_ends_the_connection(client: Client) -> None:
    client.connection.send("x" * 5_000)
    assert client.end() == 1009


def test_a_flood_of_messages_ends_the_connection(client: Client) -> None:
    for _ in range(200):
        client.say(type="ping")
    assert client.end() == 4429


def test_a_message_that_could_not_be_a_frame_reaches_nobody(house: House, client: Client) -> None:
    client.subscribe("energy")
    good = encode_reading(reading(1, "good"))
    bad = [b"not JSON", b"", b"[1]", good.replace(b"good", b"b\xffd"), good.replace(b"2026-11-25", b"yesterday!")]
    house.write([(Topic.ENERGY, "meter", value) for value in [*bad, good]])
    heard = heard_of(client, "good")
    assert all(one.get("snapshot") for one in heard[:-1])


def test_a_client_that_is_gone_without_a_word_is_noticed(house: House, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(
            f"GET /ws/energy?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        silent.settimeout(30)
        heard = b""
        with suppress(ConnectionResetError):
            while more := silent.recv(4096):
                heard += more
    assert b"101 Switching Protocols" in heard


def test_another_path_is_no_websocket(house: House, port: int) -> None:
    with pytest.raises(InvalidStatus, match="403"), connect(f"ws://127.0.0.1:{port}/ws/other", proxy=None):
        pass
    assert "Traceback" not in house.logs()


def test_clients_and_frames_are_counted(house: House, client: Client) -> None:
    client.subscribe("energy")
    house.publish([reading(1, "counted")])
    heard_of(client, "counted")
    numbers = house.metrics(house_port(client))
    assert numbers["homelab_live_clients"] >= 1
    assert numbers['homelab_live_frames_total{stream="energy"}'] >= 1
    eventually(lambda: house.metrics(house_port(client))["homelab_live_clients"] == 1)


def house_port(client: Client) -> int:
    port: int = client.connection.remote_address[1]
    return port

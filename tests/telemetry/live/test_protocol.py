"""The messages of `/ws/energy`, against a web process and a stream worker."""

import json
from collections.abc import Iterator

import pytest

from bridge.messages import encode_reading
from tests.telemetry.live.client import Client, connected
from tests.telemetry.live.house import TOKEN, House, reading


@pytest.fixture(scope="module")
def port(house: House) -> int:
    port = house.web()
    house.worker()
    return port


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    with connected(port, TOKEN) as client:
        yield client


def test_a_subscriber_gets_what_kafka_gets(house: House, client: Client) -> None:
    assert client.subscribe("energy") == {"type": "subscribed", "streams": ["energy"]}
    sent = reading(1, "new meter")
    house.publish([sent])
    assert client.hear() == {
        "type": "data",
        "stream": "energy",
        "timestamp": "2026-11-25T00:00:01Z",
        "data": json.loads(encode_reading(sent)),
    }

"""What the sockets need of daphne, and how they get on with any other server."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import REGISTRY
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from telemetry.live.frames import WAITING_FRAMES, Frame, frame
from telemetry.live.protocol import Code, Error
from telemetry.live.socket import AsgiSocket
from tests.telemetry.live.client import connected
from tests.telemetry.live.house import TOKEN, House, reading
from tests.telemetry.live.sockets import TURNS
from tests.telemetry.live.test_fan_out import numbers_until


@pytest.fixture(scope="module")
def turns(house: House) -> int:
    return house.web(application="tests.telemetry.live.sockets:by_turns")


def heard(port: int, path: str) -> tuple[list[str], int]:
    """Return all that is said at a path, and the code that ends it."""
    said = []
    with connect(f"ws://127.0.0.1:{port}{path}", proxy=None, max_queue=None) as client:
        try:
            while True:
                text = str(client.recv(30))
                said.append(json.loads(text)["message"] if text.startswith("{") else text)
        except ConnectionClosedError as error:
            assert error.rcvd
            return said, error.rcvd.code


def test_daphne_is_known_and_written_to_at_once_and_in_order(turns: int) -> None:
    said, code = heard(turns, "/known")
    numbers = [str(number) for number in range(TURNS) for _ in range(2)]
    assert said == ["a frame", "DaphneSocket True", *numbers, "the last one"]
    assert code == 4500


def test_any_other_server_gets_what_asgi_says(turns: int) -> None:
    said, code = heard(turns, "/unknown")
    assert [text for text in said if text.startswith("AsgiSocket")]
    assert (said[-1], code) == ("the last one", 4500)


def test_the_site_works_under_another_server(house: House) -> None:
    port = house.web(application="tests.telemetry.live.sockets:site_of_another_server")
    with connected(port, TOKEN) as client:
        assert client.subscribe("energy") == {"type": "subscribed", "streams": ["energy"]}
        house.hand_on([reading(number, "elsewhere") for number in range(500)])
        assert numbers_until(client, "elsewhere", 499) == list(range(500))
    with connected(port, "bad") as client:
        assert client.hear()["type"] == "error"
        assert client.end() == 4401


class Network:
    """Takes a frame when it is allowed to, as the `send` of a server whose client reads slowly."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.taken: list[str] = []

    async def send(self, message: Mapping[str, Any]) -> None:
        await self.is_open.wait()
        self.taken.append(json.loads(message["text"])["message"])


def numbered(number: int) -> Frame:
    return frame(Error(str(number), Code.INTERNAL_ERROR))


def dropped() -> float:
    return REGISTRY.get_sample_value("homelab_live_dropped_frames_total") or 0.0


def test_the_oldest_give_way_where_send_waits() -> None:
    before, lost = dropped(), 5

    async def send_all() -> list[str]:
        network = Network()
        socket = AsgiSocket(network.send)
        socket.send(numbered(0))
        await asyncio.sleep(0)  # it is on its way
        for number in range(1, WAITING_FRAMES + lost + 1):
            socket.send(numbered(number))
        network.is_open.set()
        async with asyncio.timeout(30):
            while len(network.taken) <= WAITING_FRAMES:
                await asyncio.sleep(0)
        return network.taken

    assert asyncio.run(send_all()) == ["0", *map(str, range(1 + lost, WAITING_FRAMES + lost + 1))]
    assert dropped() - before == lost


def test_a_last_frame_replaces_all_that_waits() -> None:
    async def send_all() -> list[str]:
        network = Network()
        socket = AsgiSocket(network.send)
        for number in range(10):
            socket.send(numbered(number))
        network.is_open.set()
        await socket.send_last(numbered(10))
        return network.taken

    assert asyncio.run(send_all()) == ["10"]

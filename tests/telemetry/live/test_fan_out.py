"""Readings that reach everybody once: several web processes, several stream workers, slow clients, and kills."""

import asyncio
import json
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from websockets.asyncio.client import connect as connect_async

from bridge.messages import Topic
from tests.telemetry.live.client import Client, connected
from tests.telemetry.live.house import TOKEN, House, reading

CLIENTS = 200
READINGS = 500
DEVICES = ("cellar", "attic", "garden", "pump")
TOPICS = (Topic.ENERGY, Topic.TEMPERATURE_INDOOR, Topic.TEMPERATURE_OUTDOOR, Topic.HEATPUMP)
SUBSCRIBE = json.dumps({"type": "subscribe", "streams": ["energy", "temperature", "heatpump"]})


@pytest.fixture(scope="module")
def port(house: House) -> int:
    """A web process whose clients may be silent for long."""
    return house.web("--ping-interval", "300")


async def watch(port: int, count: int, subscribed: asyncio.Semaphore) -> list[tuple[str, int]]:
    """Return the device and number of the next readings of all streams, whatever they are."""
    async with connect_async(f"ws://127.0.0.1:{port}/ws/energy?token={TOKEN}", proxy=None, open_timeout=60) as client:
        await client.send(SUBSCRIBE)
        await client.recv()
        subscribed.release()
        messages = [json.loads(await client.recv())["data"] for _ in range(count)]
        return [(message["device_id"], message["number"]) for message in messages]


def numbered(numbers: Sequence[int]) -> list[tuple[str, int]]:
    return [(DEVICES[number % len(DEVICES)], number) for number in numbers]


def test_everybody_gets_each_reading_once_though_a_worker_is_killed(house: House, port: int) -> None:
    ports = [port, house.web()]
    first, second = house.worker(), house.worker()

    def publish(numbers: Sequence[int]) -> None:
        house.publish([reading(n, device, TOPICS[n % len(TOPICS)]) for device, n in numbered(numbers)])

    def publish_and_kill() -> None:
        publish(range(200))
        first.kill()
        publish(range(200, 300))
        house.worker()
        publish(range(300, 400))
        second.kill()
        publish(range(400, READINGS))

    async def everybody() -> list[list[tuple[str, int]]]:
        subscribed = asyncio.Semaphore(0)
        async with asyncio.timeout(200):
            tasks = [asyncio.create_task(watch(ports[n % 2], READINGS, subscribed)) for n in range(CLIENTS)]
            for _ in tasks:
                await subscribed.acquire()
            await asyncio.to_thread(publish_and_kill)
            return await asyncio.gather(*tasks)

    heard = asyncio.run(everybody())
    assert len(heard) == CLIENTS
    for one in heard:
        assert sorted(one) == sorted(numbered(range(READINGS)))
        for device in DEVICES:
            numbers = [number for name, number in one if name == device]
            assert numbers == sorted(numbers)


def test_a_client_that_does_not_read_loses_the_oldest_and_holds_up_nobody(house: House, port: int) -> None:
    device, rounds, padding = "loud", 1_500, "x" * 20_000
    with connected(port, TOKEN) as slow, connected(port, TOKEN) as fast, ThreadPoolExecutor(1) as pool:
        for client in (slow, fast):
            client.subscribe("energy")
        memory = []
        for began in (0, rounds):
            numbers = list(range(began, began + rounds))
            heard = pool.submit(numbers_until, fast, device, numbers[-1])
            for part in range(0, rounds, 100):
                # Its pongs go between the frames, and never into one.
                slow.connection.ping()
                house.hand_on([reading(number, device, padding=padding) for number in numbers[part : part + 100]])
            assert heard.result() == numbers
            memory.append(house.metrics(port)["process_resident_memory_bytes"])
        assert house.metrics(port)["homelab_live_dropped_frames_total"] > 0
        assert memory[1] - memory[0] < 40_000_000
        rest = numbers_until(slow, device, 2 * rounds - 1)
        assert rest == sorted(rest)
        assert len(rest) < 2 * rounds


def test_a_client_that_pings_and_does_not_read_fills_no_memory(port: int) -> None:
    last, count = b"the last one".ljust(125), 80_000
    ping = b"\x89\xfd\0\0\0\0"  # with a mask that changes nothing (RFC 6455, section 5.2)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        client.connect(("127.0.0.1", port))
        client.sendall(
            f"GET /ws/energy?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        client.sendall((ping + b"x" * 125) * count + ping + last)
        answers = bytearray()
        while not answers.endswith(last):
            more = client.recv(65_536)
            assert more
            answers += more
    assert len(answers) < count * 125 / 2


def test_what_was_in_kafka_for_long_counts_only_as_the_newest_known(house: House, port: int) -> None:
    for worker in house.workers():
        worker.kill()
    house.publish([reading(n, "late") for n in range(3)], written_at=datetime.now(UTC) - timedelta(minutes=2))
    with connected(port, TOKEN) as client:
        client.subscribe("energy")
        house.worker()
        house.publish([reading(3, "late")])
        assert numbers_until(client, "late", 3) in ([3], [2, 3])
        with connected(port, TOKEN) as another:
            another.subscribe("energy")
            assert numbers_until(another, "late", 3) == [3]


def test_the_newest_reading_arrives_though_valkey_was_away(house: House, port: int) -> None:
    with connected(port, TOKEN) as client:
        client.subscribe("energy")
        house.valkey.kill()
        house.publish([reading(number, "patient") for number in range(5)])
        house.valkey.start()
        assert numbers_until(client, "patient", 4)[-1] == 4
        house.publish([reading(5, "patient")])
        assert numbers_until(client, "patient", 5)[-1] == 5


def test_a_kafka_that_begins_anew_is_no_repetition(house: House, port: int) -> None:
    with connected(port, TOKEN) as client:
        client.subscribe("energy")
        house.publish([reading(1, "before")])
        numbers_until(client, "before", 1)
        house.kafka.kill()
        house.kafka.start()
        house.make_topics()
        house.publish([reading(2, "after")])
        assert numbers_until(client, "after", 2) == [2]


def numbers_until(client: Client, device: str, last: int) -> list[int]:
    """Return the numbers of a device's readings until one of them comes."""
    numbers: list[int] = []
    while last not in numbers:
        heard = client.hear()
        if heard.get("data", {}).get("device_id") == device:
            numbers.append(heard["data"]["number"])
    return numbers

"""The simulator on a real broker."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from bridge.mqtt import parse_url
from bridge.publisher import Publisher
from bridge.simulator.faults import Faults
from bridge.simulator.house import SimulatedHouse
from bridge.simulator.message import Kind, Stream
from bridge.simulator.run import Simulator
from homelab_site.stack import parts
from homelab_site.stack.child import free_port
from homelab_site.stack.services import Mqtt
from tests.bridge.listener import Listener
from tests.waiting import eventually

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TOPICS = ("saveeye/telemetry", "thermiq_heatpump/data", "+/events/rpc")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mqtt]:
    service = Mqtt(tmp_path)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def url(broker: Mqtt) -> str:
    return broker.environment()["MQTT_URL"]


def house(start: datetime) -> SimulatedHouse:
    return SimulatedHouse(1, start, STOCKHOLM)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_all_that_the_house_sends_reaches_the_broker_in_order(url: str) -> None:
    start = now() - timedelta(hours=1)
    same, faults = house(start), Faults(1)
    expected = [one for _ in range(600) for moment in [same.now] for one in faults.apply(moment, same.tick())]
    simulator = Simulator(parse_url(url), house(start), Faults(1))
    with Listener(url, *TOPICS) as listener:
        simulator.run(Event(), speed=0, seconds=600)
        seen = listener.take(len(expected))
    # A broker keeps the order within a topic.
    for topic in {one.topic for one in expected}:
        sent = [one.encode() for one in expected if one.topic == topic]
        assert [one.payload for one in seen if one.topic == topic] == sent
    assert {(one.qos, one.retain) for one in seen} == {(1, False)}


def test_the_books_say_what_the_broker_has(url: str) -> None:
    simulator = Simulator(parse_url(url), house(now() - timedelta(hours=1)))
    simulator.run(Event(), speed=0, seconds=600)
    assert simulator.books.acknowledged == simulator.books.published
    assert simulator.books.rows(Stream.ENERGY) == 600
    assert simulator.books.rows(Stream.HEATPUMP) == 20
    assert simulator.books.published[Stream.TEMPERATURE, Kind.EVENT] == simulator.books.rows(Stream.TEMPERATURE) >= 3
    assert "energy reading: 600 published, 600 acknowledged" in simulator.books.summary()


@pytest.fixture
def running(url: str) -> Iterator[Simulator]:
    simulator, stop = Simulator(parse_url(url), house(now())), Event()
    thread = Thread(target=simulator.run, args=(stop,))
    thread.start()
    eventually(lambda: simulator.is_connected)
    yield simulator
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_the_heat_pump_takes_a_write_and_echoes_it_within_a_second(url: str, running: Simulator) -> None:
    with Listener(url, "thermiq_heatpump/data") as listener, Publisher(parse_url(url), "test") as publisher:
        sent_at = datetime.now(UTC)
        publisher.publish("thermiq_heatpump/write", b'{"d50":24}')
        publisher.wait_until_acknowledged()
        echo: dict[str, int] = {}
        while echo.get("d50") != 24:
            echo = msgspec.json.decode(listener.take(1)[0].payload)
    assert timedelta(0) < datetime.fromtimestamp(echo["timestamp"], UTC) - sent_at <= timedelta(seconds=2)


def test_nothing_is_lost_while_the_broker_is_away(broker: Mqtt, url: str) -> None:
    simulator, stop = Simulator(parse_url(url), house(now() - timedelta(hours=20))), Event()
    thread = Thread(target=simulator.run, args=(stop,), kwargs={"speed": 0, "seconds": 20_000})
    thread.start()
    eventually(lambda: simulator.books.rows(Stream.ENERGY) > 100)
    broker.kill()
    eventually(lambda: not simulator.is_connected)
    broker.start()
    thread.join(180)
    assert not thread.is_alive()
    assert simulator.books.acknowledged == simulator.books.published
    assert simulator.books.rows(Stream.ENERGY) == 20_000


def start_simulate(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        parts.manage("simulate", *arguments),
        env={**os.environ, "MQTT_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_with_its_books_when_it_is_told_to(url: str, number: signal.Signals) -> None:
    with Listener(url, "saveeye/telemetry") as listener:
        process = start_simulate(url)
        listener.take(1)
    process.send_signal(number)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    assert "energy reading: " in printed


def test_the_command_ends_at_once_while_the_broker_does_not_answer() -> None:
    with socket.socket() as silent:
        # Nobody accepts: with its queue full, further connections hang, as with a host that is down.
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        with socket.create_connection(silent.getsockname()):
            process = start_simulate(f"mqtt://127.0.0.1:{silent.getsockname()[1]}")
            assert process.stdout
            assert process.stdout.readline().startswith("The house's time starts at")
            process.terminate()
            # An attempt to connect takes 5 s.
            printed, _ = process.communicate(timeout=4)
    assert process.returncode == 0, printed
    assert printed.endswith("nothing was published\n")


class SetMeanwhile(Event):
    """A flag that somebody sets as soon as it was looked at."""

    def is_set(self) -> bool:
        was_set = super().is_set()
        self.set()
        return was_set


def test_an_end_just_before_it_waits_for_the_broker_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    Simulator(parse_url(f"mqtt://127.0.0.1:{free_port()}"), house(now())).run(SetMeanwhile())
    assert "is away" not in caplog.text


def test_the_command_says_that_the_broker_is_away() -> None:
    port = free_port()
    process = start_simulate(f"mqtt://127.0.0.1:{port}")
    assert process.stdout
    process.stdout.readline()
    assert f"the MQTT broker at 127.0.0.1:{port} is away (Connection refused); next attempt in" in (
        process.stdout.readline()
    )
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--start", "2100-01-01T00:00:00Z"], "--start is 2100-01-01T00:00:00Z; allowed: from 2020 until now"),
        (["--start", "2019-12-31T23:59:59Z"], "--start is 2019-12-31T23:59:59Z; allowed: from 2020 until now"),
        (["--start", "now"], "'now' is not a time"),
        (["--speed", "fast"], "'fast' is not a number"),
        (["--duration", "0"], "'0' is not a whole number of seconds above 0"),
        (["--duration", "1.5"], r"'1\.5' is not a whole number of seconds above 0"),
    ],
)
def test_a_wrong_argument_is_refused(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("simulate", *arguments)

"""How fast and how soon what a device publishes is in Kafka: `python -m bench.bridge`.

The bridge as it runs in production beside a bare loop of the same libraries, each in a process of its own. Records are
counted by reading them. `mosquitto_sub | kcat` is no contender: Debian's kcat cannot talk to this broker. Takes about
two minutes.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from statistics import median

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from bench.pace import delays
from bench.processes import cpu_seconds, running
from bench.readings import FIRST, TOPIC, payloads
from bench.report import Target, conclude, percentile, say, say_table
from bench.services import Services, prepare, running_services
from bridge.messages import Topic
from bridge.mqtt import MqttAddress, connect, new_client, parse_url
from bridge.publisher import Publisher
from homelab_site.stack.parts import manage

ROUNDS = 3
MESSAGES = 10_000
KILLS = 4
PER_SECOND = 200
SECONDS = 10
WAIT_SECONDS = 60.0
CLIENT_ID = "homelab-bridge"
OURS = ("this bridge", manage("runworker", "bridge"))
BARE = ("bare loop", (sys.executable, "-m", "bench.bridge_loop"))


class Arrivals:
    """What is in the topic of the meter's readings, read from its beginning."""

    def __init__(self) -> None:
        from homelab_site.kafka import new_reader  # noqa: PLC0415 - only after django.setup()

        self._consumer: KafkaConsumer = new_reader()
        partition = TopicPartition(Topic.ENERGY.value, 0)
        self._consumer.assign([partition])
        self._consumer.seek(partition, 0)
        self.numbers: list[int] = []

    def close(self) -> None:
        self._consumer.close()

    def look(self, seconds: float = 0.0) -> None:
        for records in self._consumer.poll(timeout_ms=seconds * 1000).values():
            self.numbers += [_number_of(record.value) for record in records]

    def wait_for(self, count: int) -> None:
        """Wait until so many records have come; raises TimeoutError."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.numbers) < count:
            self.look(0.05)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.numbers)} of {count} records have come")

    def wait_for_all(self, count: int) -> set[int]:
        """Return which of the numbers are missing once none is, or no record has come for a while."""
        missing, quiet_since, seen = set(range(count)), time.monotonic(), 0
        while missing and time.monotonic() < quiet_since + WAIT_SECONDS:
            self.look(0.1)
            if len(self.numbers) > seen:
                missing -= set(self.numbers[seen:])
                seen, quiet_since = len(self.numbers), time.monotonic()
        return missing


def _number_of(value: bytes) -> int:
    found = re.search(rb'"timestamp":"([^"]+)"', value)
    assert found
    return int((datetime.fromisoformat(found[1].decode()) - FIRST).total_seconds())


@contextmanager
def fresh_brokers(services: Services) -> Iterator[Arrivals]:
    """Empty both brokers, and leave a session of the bridge at the MQTT broker, as one that was there before."""
    for service in (services.kafka, services.mqtt):
        service.kill()
        service.start()
    prepare()
    _leave_session(parse_url(services.mqtt.environment()["MQTT_URL"]))
    with closing(Arrivals()) as arrivals:
        yield arrivals


def _leave_session(address: MqttAddress) -> None:
    subscribed: list[int] = []
    client = new_client(CLIENT_ID, clean_session=False)
    client.on_subscribe = lambda *_: subscribed.append(1)
    connect(client, address)
    while not client.is_connected():
        client.loop(0.1)
    client.subscribe(TOPIC, 1)
    while not subscribed:
        client.loop(0.1)
    client.disconnect()
    client.loop(0.1)


def publisher(services: Services) -> Publisher:
    return Publisher(parse_url(services.mqtt.environment()["MQTT_URL"]), "bench")


def turn(argv: tuple[str, ...], services: Services, messages: list[bytes]) -> tuple[float, float]:
    """Let a bridge take what waits in its session; return messages a second, and seconds of CPU for 100,000."""
    with fresh_brokers(services) as arrivals:
        with publisher(services) as client:
            for payload in messages:
                client.publish(TOPIC, payload)
            client.wait_until_acknowledged()
        with running("bridge", argv, services.directory) as child:
            arrivals.wait_for(1)
            first, began, spent = len(arrivals.numbers), time.monotonic(), cpu_seconds(child)
            arrivals.wait_for(len(messages))
            count = len(arrivals.numbers) - first
            took, cpu = time.monotonic() - began, cpu_seconds(child) - spent
            return count / took, cpu / count * 100_000


def killed(argv: tuple[str, ...], services: Services, messages: list[bytes]) -> tuple[int, int]:
    """Kill a bridge again and again while it works; return how many messages are lost, and how many came twice."""
    with fresh_brokers(services) as arrivals, publisher(services) as client:
        for number, part in enumerate(_parts(messages, KILLS + 1)):
            for payload in part:
                client.publish(TOPIC, payload)
            with running("bridge", argv, services.directory):
                # Somewhere in the middle of what it has to do, or at the end of all.
                if number < KILLS:
                    arrivals.wait_for(len(arrivals.numbers) + len(part) // 3)
                else:
                    missing = arrivals.wait_for_all(len(messages))
        return len(missing), len(arrivals.numbers) - len(set(arrivals.numbers))


def _parts(messages: list[bytes], count: int) -> list[list[bytes]]:
    size = len(messages) // count
    return [messages[at * size : (at + 1) * size] for at in range(count)]


def delays_of_bridge(services: Services, messages: list[bytes]) -> list[float]:
    with (
        fresh_brokers(services) as arrivals,
        running("bridge", OURS[1], services.directory),
        publisher(services) as client,
    ):
        client.publish(TOPIC, messages[0])
        arrivals.wait_for(1)

        def newest() -> int:
            client.pump(0)
            arrivals.look()
            return len(arrivals.numbers) - 2

        return delays(len(messages) - 1, PER_SECOND, lambda n: client.publish(TOPIC, messages[n + 1]), newest)


def delays_of_kafka(services: Services, messages: list[bytes]) -> list[float]:
    from homelab_site.kafka import new_producer  # noqa: PLC0415 - only after django.setup()

    with fresh_brokers(services) as arrivals, closing(new_producer()) as producer:
        topic = Topic.ENERGY.value
        producer.send(topic, value=messages[0])
        arrivals.wait_for(1)

        def newest() -> int:
            arrivals.look()
            return len(arrivals.numbers) - 2

        return delays(len(messages) - 1, PER_SECOND, lambda n: _send(producer, topic, messages[n + 1]), newest)


def _send(producer: KafkaProducer, topic: str, value: bytes) -> None:
    producer.send(topic, value=value)


def main() -> int:
    messages = list(payloads(MESSAGES))
    with running_services() as services:
        say(f"{MESSAGES} messages of {len(messages[0])} bytes, {ROUNDS} rounds")
        turns: dict[str, list[tuple[float, float]]] = {OURS[0]: [], BARE[0]: []}
        for number in range(ROUNDS):
            for name, argv in (OURS, BARE) if number % 2 else (BARE, OURS):
                turns[name].append(turn(argv, services, messages))
        accounts = {name: killed(argv, services, messages[:5_000]) for name, argv in (OURS, BARE)}
        few = messages[: PER_SECOND * SECONDS]
        bridge, kafka = delays_of_bridge(services, few), delays_of_kafka(services, few)
    middle = {name: (median(rate for rate, _ in of), median(cpu for _, cpu in of)) for name, of in turns.items()}
    share = middle[OURS[0]][0] / middle[BARE[0]][0]
    say_table(
        ("bridge", "messages/s", "CPU s per 100k", f"lost in {KILLS} kills", "twice"),
        [
            (name, f"{rate:.0f}", f"{cpu:.1f}", str(accounts[name][0]), str(accounts[name][1]))
            for name, (rate, cpu) in middle.items()
        ],
    )
    say_table(
        (f"at {PER_SECOND} a second", "p50 ms", "p99 ms"),
        [
            (name, f"{percentile(took, 50):.1f}", f"{percentile(took, 99):.1f}")
            for name, took in (("MQTT, bridge and Kafka", bridge), ("Kafka by itself", kafka))
        ],
    )
    return conclude(
        [
            Target(what="rate, of the bare loop's", measured=share, at_least=0.8),
            Target(what="lost when killed", measured=accounts[OURS[0]][0], at_most=0),
            Target(what="added at p99, ms", measured=percentile(bridge, 99) - percentile(kafka, 99), at_most=20),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

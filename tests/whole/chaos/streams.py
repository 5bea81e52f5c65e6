"""The account of streams: each client heard what Kafka has in Kafka's order, and nothing twice."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing

import msgspec
from kafka import TopicPartition

from homelab_site.kafka import new_reader
from telemetry.live.protocol import STREAM_OF, Stream
from tests.whole.chaos.account import Account
from tests.whole.chaos.watchers import Heard, Watcher

QUIET_SECONDS = 2.0
Places = Mapping[Stream, Mapping[bytes, Sequence[int]]]


def places_in_kafka() -> Places:
    """Return the offsets that each value has, by stream; raises `kafka.errors.KafkaError` or OSError."""
    places: dict[Stream, dict[bytes, list[int]]] = {stream: defaultdict(list) for stream in Stream}
    with closing(new_reader()) as consumer:
        partitions = [
            TopicPartition(topic.value, number)
            for topic in STREAM_OF
            for number in consumer.partitions_for_topic(topic.value) or ()
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        # The broker's end offsets understate, so the end is where nothing more comes.
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            for partition, records in consumer.poll(timeout_ms=200).items():
                stream = next(stream for topic, stream in STREAM_OF.items() if topic.value == partition.topic)
                for record in records:
                    places[stream][record.value].append(record.offset)
                quiet_since = time.monotonic()
    return places


def of_streams(watchers: Sequence[Watcher], places: Places) -> Account:
    account = Account("streams")
    for number, watcher in enumerate(watchers):
        follow(account, f"client {number}", watcher.heard, places)
    heard = [len(watcher.heard) for watcher in watchers]
    account.facts = [
        f"{sum(heard)} readings heard by {len(watchers)} clients",
        f"{sum(watcher.connections for watcher in watchers)} connections",
    ]
    account.differ("clients heard nothing after their last connection", (
        number for number, watcher in enumerate(watchers)
        if not any(one.connection == watcher.connections - 1 and not one.is_snapshot for one in watcher.heard)
    ))  # fmt: skip
    return account


def follow(account: Account, who: str, heard: Sequence[Heard], places: Places) -> None:
    """Follow what a client heard through Kafka's log.

    A connection begins with the newest readings of each device, which may have been heard before it; and what was
    missed while Valkey was away comes as such a snapshot too. All else goes forward, over connections as well.
    """
    last: dict[tuple[Stream, str], int] = defaultdict(lambda: -1)
    newest: dict[tuple[int, Stream, str], int] = defaultdict(lambda: -1)
    for one in heard:
        device = (one.stream, msgspec.json.decode(one.value)["device_id"])
        after = newest[one.connection, *device]
        if not one.is_snapshot:
            after = max(after, last[device])
        found = places[one.stream].get(one.value, ())
        place = next((offset for offset in found if offset > after), None)
        if place is None:
            case = f"{who}, connection {one.connection}, {device}, after {after}: {list(found)}"
            account.differ("reading came again or in another order", [case])
            continue
        newest[one.connection, *device] = place
        if not one.is_snapshot:
            last[device] = place

"""When messages were received, for those that the MQTT broker delivers again.

A reading without a sane time of its own gets the time of receipt. If the bridge is killed after Kafka has the reading
and before the MQTT broker knows, the broker delivers it again, and a second time of receipt would make it a second
row. So the first one is kept: in memory, and in the header of the Kafka record for the next process. A repetition is
known by the broker's own flag (DUP), its packet identifier, its topic and its bytes (MQTT 3.1.1, sections 3.3.1.1
and 4.4).
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime

from kafka import KafkaConsumer, TopicPartition

HEADER = "mqtt-receipt"
READ_SECONDS = 5.0


class Receipts:
    """The latest messages, as many as can be on their way at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: OrderedDict[str, datetime] = OrderedDict()

    def time_of(self, receipt: str, now: datetime, *, repeated: bool) -> datetime:
        """Return when a message was first received, which is now unless it is a repetition of one that is known."""
        first = self._times.get(receipt, now) if repeated else now
        self._remember(receipt, first)
        return first

    def recall(self, consumer: KafkaConsumer, topics: Iterable[str]) -> None:
        """Read the receipts of the newest records in Kafka; raises `kafka.errors.KafkaError`."""
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()
        ]
        ends = consumer.end_offsets(partitions)
        starts = consumer.beginning_offsets(partitions)
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, max(starts[partition], ends[partition] - self._limit))
        deadline = time.monotonic() + READ_SECONDS
        while any(consumer.position(one) < ends[one] for one in partitions) and time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=100).values():
                for record in records:
                    self._take(dict(record.headers).get(HEADER, b""))

    def _take(self, header: bytes) -> None:
        receipt, _, moment = header.decode().rpartition(" ")
        if receipt:
            self._remember(receipt, datetime.fromisoformat(moment))

    def _remember(self, receipt: str, moment: datetime) -> None:
        self._times[receipt] = moment
        self._times.move_to_end(receipt)
        if len(self._times) > self._limit:
            self._times.popitem(last=False)


def receipt_of(mid: int, topic: str, payload: bytes) -> str:
    """Return what a repetition of an MQTT message has in common with it."""
    digest = hashlib.blake2b(topic.encode() + b"\0" + payload, digest_size=16).hexdigest()
    return f"{mid} {digest}"


def header_of(receipt: str, received_at: datetime) -> tuple[str, bytes]:
    """Return the header of a Kafka record that tells a later process of a receipt."""
    return HEADER, f"{receipt} {received_at.astimezone(UTC).isoformat()}".encode()

"""The Kafka clients of the house, configured in one place."""

import socket
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.conf import settings
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaTimeoutError, TopicAlreadyExistsError
from kafka.net.compat import KafkaNetClient

BOOTSTRAP_MS = 5_000
"""How long a client may look for a broker before the worker's own pauses take over."""
REQUEST_MS = 5_000
LINGER_MS = 10
"""How long a message waits for others: nobody sees it, and a bridge with much to do saves a tenth of its work."""
BATCH_BYTES = 128 * 1024
"""What is sent at once where much waits: a hundred readings; the client's default holds twelve."""
DELIVERY_MS = 8_000
CLOSE_SECONDS = 1.0
RECONNECT_MAX_MS = 2_000


def find_broker(seconds: float) -> None:
    """Connect to a broker and read its versions, leaving nothing open; raises OSError or `kafka.errors.KafkaError`.

    The clients themselves start a thread, and leave it and its sockets behind where no broker answers.
    """
    milliseconds = seconds / 2 * 1000
    client = KafkaNetClient(bootstrap_servers=settings.KAFKA_BROKERS, request_timeout_ms=milliseconds)
    with closing(client):
        _find_listener([(broker.host, broker.port) for broker in client.cluster.bootstrap_brokers()], seconds / 2)
        client.check_version(timeout_ms=milliseconds)


def _find_listener(addresses: Sequence[tuple[str, int]], seconds: float) -> None:
    """Raise the last OSError if none of the addresses accepts a connection.

    The client would go on trying, and leave the refused sockets open.
    """
    trouble = OSError("no address")
    for address in addresses:
        try:
            socket.create_connection(address, seconds).close()
        except OSError as error:
            trouble = error
        else:
            return
    raise trouble


def _common() -> dict[str, Any]:
    find_broker(BOOTSTRAP_MS / 1000)
    return {
        "bootstrap_servers": settings.KAFKA_BROKERS,
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "request_timeout_ms": REQUEST_MS,
        "reconnect_backoff_max_ms": RECONNECT_MAX_MS,
    }


def new_producer() -> KafkaProducer:
    """Return a producer whose acknowledgement means that all replicas have the message.

    Raises `kafka.errors.KafkaError` or OSError where no broker answers.
    """
    return KafkaProducer(
        **_common(),
        acks="all",
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        delivery_timeout_ms=DELIVERY_MS,
        max_block_ms=BOOTSTRAP_MS,
        allow_auto_create_topics=False,
    )


def new_consumer(topics: Sequence[str], group: str, *, max_poll_records: int) -> KafkaConsumer:
    """Return a member of a consumer group that starts at the oldest message and commits only when told to.

    Raises `kafka.errors.KafkaError` or OSError where no broker answers.
    """
    session_ms = settings.KAFKA_SESSION_TIMEOUT_MS
    return KafkaConsumer(
        *topics,
        **_common(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=session_ms // 4,
        fetch_max_wait_ms=100,
        max_poll_records=max_poll_records,
        allow_auto_create_topics=False,
    )


def new_reader() -> KafkaConsumer:
    """Return a consumer of no group, which reads what it is assigned and commits nothing.

    Raises `kafka.errors.KafkaError` or OSError where no broker answers.
    """
    return KafkaConsumer(**_common(), enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100)


def new_admin() -> KafkaAdminClient:
    """Return an administration client; raises `kafka.errors.KafkaError` or OSError where no
    broker answers."""
    return KafkaAdminClient(**_common())


def make_topic(admin: KafkaAdminClient, name: str, retention: timedelta) -> bool:
    """Make a topic of one replica; tell whether it was missing."""
    topic = NewTopic(
        name=name,
        num_partitions=settings.KAFKA_PARTITIONS,
        replication_factor=1,
        topic_configs={"retention.ms": str(int(retention.total_seconds() * 1000))},
    )
    try:
        admin.create_topics([topic])
    except TopicAlreadyExistsError:
        return False
    return True


def close_producer(producer: KafkaProducer) -> None:
    """Close a producer within a second or so; what it has not delivered by then is given up."""
    try:
        producer.close(timeout=CLOSE_SECONDS)
    except KafkaTimeoutError:
        # Where messages are left, `close` leaves a thread behind that tries for ever to send them.
        producer._sender.force_close()

"""The Kafka clients of the house, configured in one place."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

BOOTSTRAP_MS = 5_000
"""How long a client may look for a broker before the worker's own pauses take over."""
REQUEST_MS = 10_000
DELIVERY_MS = 20_000
RECONNECT_MAX_MS = 2_000


def _common() -> dict[str, Any]:
    return {
        "bootstrap_servers": settings.KAFKA_BROKERS,
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "request_timeout_ms": REQUEST_MS,
        "reconnect_backoff_max_ms": RECONNECT_MAX_MS,
    }


def new_producer() -> KafkaProducer:
    """Return a producer whose acknowledgement means that all replicas have the message.

    Raises `kafka.errors.KafkaError` where no broker answers.
    """
    return KafkaProducer(
        **_common(),
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        delivery_timeout_ms=DELIVERY_MS,
        max_block_ms=BOOTSTRAP_MS,
        allow_auto_create_topics=False,
    )


def new_consumer(topics: Sequence[str], group: str, *, max_poll_records: int) -> KafkaConsumer:
    """Return a member of a consumer group that starts at the oldest message and commits only when told to.

    Raises `kafka.errors.KafkaError` where no broker answers.
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


def new_admin() -> KafkaAdminClient:
    """Return an administration client; raises `kafka.errors.KafkaError` where no broker answers."""
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

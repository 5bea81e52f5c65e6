"""How many messages wait in Kafka for the sink."""

from collections import defaultdict
from contextlib import closing

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from bridge.messages import Topic
from homelab_site.kafka import new_admin
from telemetry.sink.worker import GROUP


def lag_by_topic() -> dict[str, int]:
    """Return the messages of each topic that lie behind the sink's committed offset; raises `kafka.errors.KafkaError`.

    Of a topic that the sink has never committed, all that Kafka still has is waiting. A topic that does not exist
    is left out. The Kafka of the one-machine stack ends a topic one after the first message of its newest batch,
    so there the number is too low by the rest of that batch.
    """
    with closing(new_admin()) as admin:
        partitions = _partitions(admin)
        committed = admin.list_group_offsets({GROUP: partitions})[GROUP]
        oldest = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        end = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    lag: dict[str, int] = defaultdict(int)
    for partition in partitions:
        # Before the first commit, and after retention has passed the sink, reading goes on at the oldest.
        reached = max(committed[partition].offset, oldest[partition].offset)
        # A broker that has lost its log counts from 0 again, below what was committed.
        lag[partition.topic] += max(0, end[partition].offset - reached)
    return dict(lag)


def _partitions(admin: KafkaAdminClient) -> list[TopicPartition]:
    return [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics([topic.value for topic in Topic])
        for partition in topic["partitions"]
    ]

"""Bare sinks of the libraries that ours uses: `python -m bench.sink_loops merge|insert`.

Each takes what Kafka gives, up to 1,000 messages, stores it, and commits the offsets.
"""

import os
import sys

from kafka import KafkaConsumer

from bench.sink_rows import connect, insert, merge
from bridge.messages import Topic

WAYS = {"merge": merge, "insert": insert}


def run(way: str) -> None:
    store = WAYS[way]
    connection = connect(os.environ["TELEMETRY_SINK_DATABASE_URL"])
    consumer = KafkaConsumer(
        Topic.ENERGY.value,
        bootstrap_servers=os.environ["KAFKA_BROKERS"],
        group_id=f"bench-{way}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=int(os.environ["KAFKA_SESSION_TIMEOUT_MS"]),
        heartbeat_interval_ms=500,
        max_poll_records=1_000,
    )
    while True:
        for records in consumer.poll(timeout_ms=500).values():
            store(connection, [record.value for record in records])
            consumer.commit()


if __name__ == "__main__":
    run(sys.argv[1])

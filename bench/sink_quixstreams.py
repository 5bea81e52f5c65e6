"""A sink of quixstreams, which stores as the bare loop does. It runs in the peers' own environment."""

import os

from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBatch

from bench.sink_rows import connect, merge
from bridge.messages import Topic


class TableSink(BatchingSink):  # type: ignore[misc] # the library is not here for mypy
    """Writes a batch whenever the application commits."""

    def setup(self) -> None:
        self._connection = connect(os.environ["TELEMETRY_SINK_DATABASE_URL"])

    def write(self, batch: SinkBatch) -> None:
        merge(self._connection, [item.value for item in batch])


if __name__ == "__main__":
    application = Application(
        broker_address=os.environ["KAFKA_BROKERS"],
        consumer_group="bench-quixstreams",
        auto_offset_reset="earliest",
        commit_every=1_000,
        state_dir=os.environ["STATE_DIR"],
        auto_create_topics=False,
    )
    topic = application.topic(Topic.ENERGY.value, value_deserializer="bytes", key_deserializer="bytes")
    application.dataframe(topic).sink(TableSink())
    application.run()

"""Prometheus metrics of the workers. Every name is listed here, with what it means."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES_IN = Counter("homelab_messages_in", "Messages taken from a broker", ["worker", "source"])
MESSAGES_OUT = Counter(
    "homelab_messages_out", "Messages handed on and acknowledged, or rows stored", ["worker", "target"]
)
MESSAGES_SKIPPED = Counter("homelab_messages_skipped", "Right messages that are no telemetry", ["worker", "why"])
MESSAGES_BAD = Counter("homelab_messages_bad", "Messages that became dead letters", ["worker", "reason"])
RETRIES = Counter("homelab_retries", "Attempts repeated because something outside was away", ["worker"])
BATCH_ROWS = Histogram(
    "homelab_batch_rows", "Rows in a batch", ["worker"], buckets=(1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
)
STEP_SECONDS = Histogram(
    "homelab_step_seconds",
    "Seconds of a step that did something",
    ["worker"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
LAG_MESSAGES = Gauge("homelab_lag_messages", "Messages in Kafka that are not read yet", ["worker", "topic"])
COMMITTED = Gauge(
    "homelab_committed_timestamp_seconds", "Time at which the worker last committed offsets to Kafka", ["worker"]
)
NEWEST_STORED = Gauge("homelab_newest_stored_timestamp_seconds", "Time of the newest stored reading", ["topic"])
BAD_SHARE = Gauge("homelab_bad_share", "Share of bad messages in the last whole minute", ["worker"])

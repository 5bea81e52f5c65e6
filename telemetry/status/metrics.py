"""The state of the pipeline as Prometheus gauges, asked for at each scrape.

What cannot be asked has no sample then, and `homelab_pipeline_source_up` says which source it was: a number that
stands still because nobody could ask would hide the trouble.
"""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from heatpump.outbox.models import Reason
from heatpump.outbox.selectors import UNTOLD
from telemetry.status.selectors import PipelineStatus, WorkerState, pipeline_status

FAILURES = [reason.value for reason in Reason if reason not in UNTOLD]
SOURCES = ("telemetry_database", "kafka", "homelab_database", "valkey")


class PipelineCollector(Collector):
    """Gauges whose values are asked for while they are collected."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        status = pipeline_status()
        yield from _streams(status)
        yield from _dead_letters(status)
        yield from _commands(status)
        yield _workers(status)
        yield _gauge(
            "homelab_pipeline_source_up",
            "Whether the source of these gauges could be asked",
            "source",
            {name: float(name not in status.unavailable) for name in SOURCES},
        )


def _streams(status: PipelineStatus) -> Iterable[GaugeMetricFamily]:
    streams = status.streams.items()
    yield _gauge(
        "homelab_stream_newest_age_seconds",
        "Seconds since the newest stored reading was taken",
        "stream",
        {name: stream.age_seconds for name, stream in streams},
    )
    yield _gauge(
        "homelab_stream_rows_last_hour",
        "Stored readings that were taken within the last hour",
        "stream",
        {name: stream.rows_last_hour for name, stream in streams},
    )
    yield _gauge(
        "homelab_stream_lag_messages",
        "Messages in Kafka behind the offset that the sink has committed",
        "stream",
        {name: stream.lag for name, stream in streams},
    )


def _dead_letters(status: PipelineStatus) -> Iterable[GaugeMetricFamily]:
    letters = status.dead_letters
    if letters.total is not None:
        yield GaugeMetricFamily("homelab_dead_letters_kept", "Dead letters that are kept", value=letters.total)
    if letters.last_hour is not None:
        yield GaugeMetricFamily(
            "homelab_dead_letters_last_hour", "Dead letters of the last hour", value=letters.last_hour
        )


def _commands(status: PipelineStatus) -> Iterable[GaugeMetricFamily]:
    commands = status.commands
    yield _gauge(
        "homelab_commands_under_way",
        "Commands to heat pumps that wait to be sent, or for the pump's echo",
        "waits_for",
        {"sending": commands.unsent, "echo": commands.unconfirmed},
    )
    yield _gauge(
        "homelab_commands_oldest_age_seconds",
        "Seconds since the oldest of these commands was made",
        "waits_for",
        {"sending": commands.oldest_unsent_seconds, "echo": commands.oldest_unconfirmed_seconds},
    )
    if commands.failed_last_day is not None:
        yield _gauge(
            "homelab_commands_failed_last_day",
            "Commands that failed in the last 24 hours, but for what people cancelled or overtook",
            "reason",
            {reason: commands.failed_last_day.get(reason, 0) for reason in FAILURES},
        )


def _workers(status: PipelineStatus) -> GaugeMetricFamily:
    states = {name: worker.state for name, worker in status.workers.items()}
    return _gauge(
        "homelab_worker_alive",
        "Whether the worker gave a sign of life within the last minute",
        "worker",
        {
            name: None if state is WorkerState.UNKNOWN else float(state is WorkerState.ALIVE)
            for name, state in states.items()
        },
    )


def _gauge(name: str, documentation: str, label: str, values: Mapping[str, float | None]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for key, value in values.items():
        if value is not None:
            family.add_metric([key], value)
    return family


PIPELINE = CollectorRegistry()
"""Apart from the default registry, since workers give out that one too, and have nothing to do with these."""
PIPELINE.register(PipelineCollector())

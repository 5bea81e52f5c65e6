"""Reading the state of the pipeline. Whatever is away, the rest is reported."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

from django.utils import timezone

from heatpump.outbox.selectors import OutboxSummary, outbox_summary
from homelab_site.health.asking import Answer, Asked, shared
from homelab_site.health.checks import ask
from homelab_site.workers.liveness import Heartbeat, heartbeats
from homelab_site.workers.registry import WORKERS
from telemetry.deadletters.selectors import DeadLetterSummary, dead_letter_summary
from telemetry.status.lag import lag_by_topic
from telemetry.status.streams import STREAMS, Rows, Stream, rows_by_stream

ANSWER_SECONDS = 4.0
"""Within this time the state is there, whatever hangs."""


class StreamState(StrEnum):
    """How fresh a stream is."""

    FRESH = "fresh"
    LATE = "late"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class WorkerState(StrEnum):
    """Whether a worker has given a sign of life within the last minute."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """A stream of readings. `lag` is the number of messages that wait in Kafka. None is unknown, or no reading yet."""

    state: StreamState
    newest: datetime | None
    age_seconds: float | None
    late_after_seconds: float
    rows_last_hour: int | None
    lag: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterStatus:
    """How many dead letters are kept, and how many of them are from the last hour. None is unknown."""

    total: int | None
    last_hour: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStatus:
    """Commands to heat pumps: how many wait to be sent and how many for an echo, with the age of the oldest of each.

    `failed_last_day` counts by reason, without what people cancelled or overtook. The counts are None where unknown,
    the ages also where there is none.
    """

    unsent: int | None
    oldest_unsent_seconds: float | None
    unconfirmed: int | None
    oldest_unconfirmed_seconds: float | None
    failed_last_day: Mapping[str, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """A worker. `since` is when its process started, `seen` its last sign of life; None unless it is alive."""

    state: WorkerState
    since: datetime | None
    seen: datetime | None
    host: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineStatus:
    """The state of the pipeline at a moment. `unavailable` says of what could not be asked why not."""

    at: datetime
    streams: Mapping[str, StreamStatus]
    dead_letters: DeadLetterStatus
    commands: CommandStatus
    workers: Mapping[str, WorkerStatus]
    unavailable: Mapping[str, str]


@shared
def pipeline_status() -> PipelineStatus:
    """Ask the databases, Kafka and Valkey at once, and put together what they say."""
    now = timezone.now()
    deadline = time.monotonic() + ANSWER_SECONDS
    asked_rows = Asked(partial(ask, "telemetry_database", partial(rows_by_stream, now)))
    asked_lag = Asked(partial(ask, "kafka", lag_by_topic))
    asked_rows_of_ours = Asked(partial(ask, "homelab_database", _rows_of_ours))
    asked_beats = Asked(partial(ask, "valkey", partial(heartbeats, list(WORKERS))))
    rows = asked_rows.answer(deadline)
    lag = asked_lag.answer(deadline)
    ours = asked_rows_of_ours.answer(deadline)
    letters, commands = ours.value or (None, None)
    beats = asked_beats.answer(deadline)
    return PipelineStatus(
        at=now.astimezone(UTC),
        streams={name: _stream(stream, name, now, rows.value, lag.value) for name, stream in STREAMS.items()},
        dead_letters=_dead_letters(letters),
        commands=_commands(commands, now),
        workers={name: _worker(name, beats.value) for name in WORKERS},
        unavailable=_reasons(telemetry_database=rows, kafka=lag, homelab_database=ours, valkey=beats),
    )


def _stream(
    stream: Stream, name: str, now: datetime, rows: Mapping[str, Rows] | None, lag: Mapping[str, int] | None
) -> StreamStatus:
    row = rows[name] if rows is not None else None
    newest = row.newest.astimezone(UTC) if row and row.newest else None
    age = (now - newest).total_seconds() if newest else None
    return StreamStatus(
        state=_freshness(stream, row, age),
        newest=newest,
        age_seconds=age,
        late_after_seconds=stream.late_after.total_seconds(),
        rows_last_hour=row.last_hour if row else None,
        lag=sum(lag[topic] for topic in stream.topics) if lag and set(stream.topics) <= lag.keys() else None,
    )


def _freshness(stream: Stream, row: Rows | None, age: float | None) -> StreamState:
    if row is None:
        return StreamState.UNKNOWN
    if age is None:
        return StreamState.EMPTY
    return StreamState.LATE if age > stream.late_after.total_seconds() else StreamState.FRESH


def _dead_letters(summary: DeadLetterSummary | None) -> DeadLetterStatus:
    if summary is None:
        return DeadLetterStatus(total=None, last_hour=None)
    return DeadLetterStatus(total=summary.total, last_hour=summary.last_hour)


def _rows_of_ours() -> tuple[DeadLetterSummary, OutboxSummary]:
    return dead_letter_summary(), outbox_summary()


def _commands(summary: OutboxSummary | None, now: datetime) -> CommandStatus:
    if summary is None:
        return CommandStatus(
            unsent=None,
            oldest_unsent_seconds=None,
            unconfirmed=None,
            oldest_unconfirmed_seconds=None,
            failed_last_day=None,
        )
    return CommandStatus(
        unsent=summary.unsent,
        oldest_unsent_seconds=_age(summary.oldest_unsent, now),
        unconfirmed=summary.unconfirmed,
        oldest_unconfirmed_seconds=_age(summary.oldest_unconfirmed, now),
        failed_last_day=summary.failed_last_day,
    )


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()


def _worker(name: str, beats: Mapping[str, Heartbeat] | None) -> WorkerStatus:
    beat = beats.get(name) if beats is not None else None
    if beat is None:
        state = WorkerState.UNKNOWN if beats is None else WorkerState.DEAD
        return WorkerStatus(state=state, since=None, seen=None, host=None)
    return WorkerStatus(
        state=WorkerState.ALIVE,
        since=datetime.fromtimestamp(beat.started, UTC),
        seen=datetime.fromtimestamp(beat.at, UTC),
        host=beat.host,
    )


def _reasons(**answers: Answer[Any]) -> dict[str, str]:
    return {name: answer.reason for name, answer in answers.items() if answer.reason}

"""The state of the pipeline in plain words, the same for the page and for the terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from telemetry.status.selectors import (
    DeadLetterStatus,
    PipelineStatus,
    StreamState,
    StreamStatus,
    WorkerState,
    WorkerStatus,
)

STREAM_TITLES = {"energy": "Electricity", "heatpump": "Heat pump", "temperature": "Temperature"}
WORKER_DUTIES = {
    "bridge": "takes readings from MQTT to Kafka",
    "sink": "stores readings from Kafka",
    "settings": "keeps heat pump settings true, and confirms commands",
    "outbox": "publishes commands to heat pumps",
    "stream": "hands readings to whoever watches",
}
DEPENDENCY_TITLES = {
    "telemetry_database": "The telemetry database",
    "homelab_database": "The homelab database",
    "kafka": "Kafka",
    "valkey": "Valkey",
}


class Mark(StrEnum):
    """How a line is to be seen at a glance."""

    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Line:
    """What there is to say about one thing: its mark, the mark's meaning in a word or two, and the facts."""

    title: str
    mark: Mark
    word: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole state: one sentence, what a person should look at, and a line for each part."""

    at: datetime
    headline: str
    mark: Mark
    attention: tuple[str, ...]
    streams: tuple[Line, ...]
    dead_letters: tuple[Line, ...]
    workers: tuple[Line, ...]


def report(status: PipelineStatus) -> Report:
    """Put the state into words."""
    attention = _attention(status)
    headline, mark = _headline(status, attention)
    return Report(
        at=status.at,
        headline=headline,
        mark=mark,
        attention=attention,
        streams=tuple(_stream(STREAM_TITLES[name], stream) for name, stream in status.streams.items()),
        dead_letters=(_dead_letters(status.dead_letters),),
        workers=tuple(_worker(name, worker, status.at) for name, worker in status.workers.items()),
    )


def span(seconds: float) -> str:
    """Return a length of time as a person says it, rounded down: `9 s`, `12 min`, `3 h`, `5 days`."""
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} days"


def _headline(status: PipelineStatus, attention: tuple[str, ...]) -> tuple[str, Mark]:
    if attention:
        return "One thing needs a look" if len(attention) == 1 else f"{len(attention)} things need a look", Mark.BAD
    if all(stream.state is StreamState.EMPTY for stream in status.streams.values()):
        return "No reading has arrived yet", Mark.QUIET
    return "Readings arrive and are stored", Mark.GOOD


def _attention(status: PipelineStatus) -> tuple[str, ...]:
    late = [
        f"{STREAM_TITLES[name]}: no new reading for {span(stream.age_seconds or 0)}."
        for name, stream in status.streams.items()
        if stream.state is StreamState.LATE
    ]
    dead = [f"The {name} does not run." for name, worker in status.workers.items() if worker.state is WorkerState.DEAD]
    count = status.dead_letters.last_hour
    bad = [f"{_messages(count)} of the last hour could not be stored."] if count else []
    return (*late, *dead, *bad, *_away(status.unavailable))


def _away(unavailable: Mapping[str, str]) -> list[str]:
    return [f"{DEPENDENCY_TITLES[name]}: {reason}." for name, reason in unavailable.items()]


def _stream(title: str, stream: StreamStatus) -> Line:
    mark, word = {
        StreamState.FRESH: (Mark.GOOD, "on time"),
        StreamState.LATE: (Mark.BAD, "late"),
        StreamState.EMPTY: (Mark.QUIET, "nothing yet"),
        StreamState.UNKNOWN: (Mark.QUIET, "unknown"),
    }[stream.state]
    return Line(title, mark, word, (_newest(stream), _last_hour(stream.rows_last_hour), _waiting(stream.lag)))


def _newest(stream: StreamStatus) -> str:
    if stream.age_seconds is None:
        return "newest reading unknown" if stream.state is StreamState.UNKNOWN else "no reading yet"
    return "newest reading just now" if stream.age_seconds < 1 else f"newest reading {span(stream.age_seconds)} ago"


def _last_hour(rows: int | None) -> str:
    return "last hour unknown" if rows is None else f"{rows:,} in the last hour"


def _waiting(lag: int | None) -> str:
    if lag is None:
        return "waiting in Kafka unknown"
    return f"{lag:,} waiting in Kafka" if lag else "nothing waiting"


def _dead_letters(letters: DeadLetterStatus) -> Line:
    title = "Dead letters"
    if letters.total is None or letters.last_hour is None:
        return Line(title, Mark.QUIET, "unknown", ("how many are kept is unknown",))
    mark, word = (Mark.BAD, "new") if letters.last_hour else (Mark.GOOD, "no new ones")
    return Line(title, mark, word, (f"{letters.total:,} kept", f"{letters.last_hour:,} in the last hour"))


def _worker(name: str, worker: WorkerStatus, now: datetime) -> Line:
    duty = WORKER_DUTIES.get(name, "")
    facts: tuple[str, ...]
    if worker.state is WorkerState.ALIVE and worker.since:
        mark, word = Mark.GOOD, "running"
        facts = (duty, f"for {span((now - worker.since).total_seconds())} on {worker.host}")
    elif worker.state is WorkerState.DEAD:
        mark, word, facts = Mark.BAD, "not running", (duty, "no sign of life for a minute")
    else:
        mark, word, facts = Mark.QUIET, "unknown", (duty, "sign of life unknown")
    return Line(name.capitalize(), mark, word, tuple(fact for fact in facts if fact))


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"

"""The state of the pipeline in plain words, the same for the page and for the terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from heatpump.outbox.models import Reason
from telemetry.status.selectors import (
    CommandStatus,
    DeadLetterStatus,
    PipelineStatus,
    StreamState,
    StreamStatus,
    WorkerState,
    WorkerStatus,
)

STREAM_TITLES = {
    "energy": gettext_lazy("Electricity"),
    "heatpump": gettext_lazy("Heat pump"),
    "temperature": gettext_lazy("Temperature"),
}
WORKER_DUTIES = {
    "bridge": gettext_lazy("takes readings from MQTT to Kafka"),
    "sink": gettext_lazy("stores readings from Kafka"),
    "settings": gettext_lazy("keeps heat pump settings true, and confirms commands"),
    "outbox": gettext_lazy("publishes commands to heat pumps"),
    "stream": gettext_lazy("hands readings to whoever watches"),
}
DEPENDENCY_TITLES = {
    "telemetry_database": gettext_lazy("The telemetry database"),
    "homelab_database": gettext_lazy("The homelab database"),
    "kafka": "Kafka",
    "valkey": "Valkey",
}


UNSENT_SECONDS = 60.0
"""A command goes out within a second, so one that has waited longer is stuck."""
UNCONFIRMED_SECONDS = 10 * 60.0
"""Four times two minutes, and some more, after which a command has failed."""


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
    commands: tuple[Line, ...]
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
        streams=tuple(_stream(str(STREAM_TITLES[name]), stream) for name, stream in status.streams.items()),
        dead_letters=(_dead_letters(status.dead_letters),),
        commands=(_commands(status.commands),),
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
    days = int(seconds // 86400)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _headline(status: PipelineStatus, attention: tuple[str, ...]) -> tuple[str, Mark]:
    if attention:
        headline = ngettext("One thing needs a look", "%(n)s things need a look", len(attention))
        return headline % {"n": len(attention)}, Mark.BAD
    if all(stream.state is StreamState.EMPTY for stream in status.streams.values()):
        return _("No reading has arrived yet"), Mark.QUIET
    return _("Readings arrive and are stored"), Mark.GOOD


def _attention(status: PipelineStatus) -> tuple[str, ...]:
    late = [
        _("%(stream)s: no new reading for %(span)s.")
        % {"stream": STREAM_TITLES[name], "span": span(stream.age_seconds or 0)}
        for name, stream in status.streams.items()
        if stream.state is StreamState.LATE
    ]
    dead = [
        _("The worker %(worker)s does not run.") % {"worker": name}
        for name, worker in status.workers.items()
        if worker.state is WorkerState.DEAD
    ]
    count = status.dead_letters.last_hour
    refused = [_refused(count)] if count else []
    return (*late, *dead, *refused, *_stuck(status.commands), *_away(status.unavailable))


def _refused(count: int) -> str:
    return ngettext(
        "%(count)s message of the last hour could not be stored.",
        "%(count)s messages of the last hour could not be stored.",
        count,
    ) % {"count": _whole(count)}


def _stuck(commands: CommandStatus) -> list[str]:
    if not _are_stuck(commands):
        return []
    waited = max(commands.oldest_unsent_seconds or 0, commands.oldest_unconfirmed_seconds or 0)
    return [_("A command to the heat pump has waited for %(span)s.") % {"span": span(waited)}]


def _are_stuck(commands: CommandStatus) -> bool:
    return (commands.oldest_unsent_seconds or 0) > UNSENT_SECONDS or (
        commands.oldest_unconfirmed_seconds or 0
    ) > UNCONFIRMED_SECONDS


def _away(unavailable: Mapping[str, str]) -> list[str]:
    return [f"{DEPENDENCY_TITLES[name]}: {reason}." for name, reason in unavailable.items()]


def _stream(title: str, stream: StreamStatus) -> Line:
    mark, word = {
        StreamState.FRESH: (Mark.GOOD, _("on time")),
        StreamState.LATE: (Mark.BAD, _("late")),
        StreamState.EMPTY: (Mark.QUIET, _("nothing yet")),
        StreamState.UNKNOWN: (Mark.QUIET, _("unknown")),
    }[stream.state]
    return Line(title, mark, word, (_newest(stream), _last_hour(stream.rows_last_hour), _waiting(stream.lag)))


def _newest(stream: StreamStatus) -> str:
    if stream.age_seconds is None:
        return _("newest reading unknown") if stream.state is StreamState.UNKNOWN else _("no reading yet")
    if stream.age_seconds < 1:
        return _("newest reading just now")
    return _("newest reading %(span)s ago") % {"span": span(stream.age_seconds)}


def _last_hour(rows: int | None) -> str:
    return _("last hour unknown") if rows is None else _("%(count)s in the last hour") % {"count": _whole(rows)}


def _waiting(lag: int | None) -> str:
    if lag is None:
        return _("waiting in Kafka unknown")
    return _("%(count)s waiting in Kafka") % {"count": _whole(lag)} if lag else _("nothing waiting")


def _dead_letters(letters: DeadLetterStatus) -> Line:
    title = _("Dead letters")
    if letters.total is None or letters.last_hour is None:
        return Line(title, Mark.QUIET, _("unknown"), (_("how many are kept is unknown"),))
    mark, word = (Mark.BAD, _("new")) if letters.last_hour else (Mark.GOOD, _("no new ones"))
    return Line(
        title, mark, word, (_("%(count)s kept") % {"count": _whole(letters.total)}, _last_hour(letters.last_hour))
    )


def _commands(commands: CommandStatus) -> Line:
    title = _("Commands")
    if commands.unsent is None or commands.unconfirmed is None or commands.failed_last_day is None:
        return Line(title, Mark.QUIET, _("unknown"), (_("how many wait is unknown"),))
    failed = [
        _("%(count)s failed in a day: %(reason)s") % {"count": _whole(count), "reason": Reason(reason).label}
        for reason, count in sorted(commands.failed_last_day.items())
    ]
    if _are_stuck(commands):
        mark, word = Mark.BAD, _("waiting")
    elif failed:
        mark, word = Mark.BAD, _("failed")
    else:
        mark, word = Mark.GOOD, _("under way") if commands.unsent or commands.unconfirmed else _("all done")
    facts = (
        _waiting_commands(_("%(count)s to be sent"), commands.unsent, commands.oldest_unsent_seconds),
        _waiting_commands(_("%(count)s to be confirmed"), commands.unconfirmed, commands.oldest_unconfirmed_seconds),
    )
    return Line(title, mark, word, (*facts, *failed))


def _waiting_commands(words: str, count: int, age: float | None) -> str:
    said = words % {"count": _whole(count)}
    return said if age is None else _("%(waiting)s, the oldest for %(span)s") % {"waiting": said, "span": span(age)}


def _worker(name: str, worker: WorkerStatus, now: datetime) -> Line:
    duty = str(WORKER_DUTIES.get(name, ""))
    facts: tuple[str, ...]
    if worker.state is WorkerState.ALIVE and worker.since:
        mark, word = Mark.GOOD, _("running")
        facts = (duty, _("for %(span)s on %(host)s") % {"span": span(_seconds(worker.since, now)), "host": worker.host})
    elif worker.state is WorkerState.DEAD:
        mark, word, facts = Mark.BAD, _("not running"), (duty, _("no sign of life for a minute"))
    else:
        mark, word, facts = Mark.QUIET, _("unknown"), (duty, _("sign of life unknown"))
    return Line(name.capitalize(), mark, word, tuple(fact for fact in facts if fact))


def _whole(count: int) -> str:
    return number_format(count, force_grouping=True)


def _seconds(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds()

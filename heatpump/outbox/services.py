"""The way of a command: queued, published, confirmed by a reading, or failed with a reason.

Every function here holds the pump's row, so what happens to a pump happens in one order. A worker that publishes has
the pump's turn besides, from `claim` until it says what came of it, and holds no lock meanwhile. Moments are those of
our own clock, `django.utils.timezone.now()`; callers give them, so that a test can.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, Min, OuterRef, Q, Subquery

from heatpump.outbox.models import UNDER_WAY, Command, Publication, Reason, Status, Turn, Write
from heatpump.outbox.outcome import failures_of, status_of
from heatpump.settings.models import HeatPump, Setting
from heatpump.settings.pumps import hold

CHANNEL: Final = "heatpump_outbox"
"""The PostgreSQL channel that says, when a transaction commits, that there is something to publish."""
ECHO_WITHIN: Final = timedelta(minutes=2)
"""A write that no reading confirms within this is published again."""
TURN: Final = timedelta(seconds=10)
"""How long a worker has a pump to itself; it must have given up publishing well before."""
DAY: Final = timedelta(days=1)
WRITES_A_DAY: Final = 50
"""The most times that a setting is written in any 24 hours, since the pump's memory wears out."""


class NotUnderWayError(Exception):
    """A command has ended already."""


def enqueue(
    pump: HeatPump,
    wanted: Sequence[tuple[Setting, int]],
    *,
    requested_by: str,
    idempotency_key: str | None,
    now: datetime,
) -> Command:
    """Make a command of settings and values, to be published in this order. The caller holds the pump.

    A value that the pump is known to hold counts as confirmed, unless another is on its way to it. Writes of the same
    settings that are under way are superseded.
    """
    command = Command.objects.create(
        pump=pump,
        payload={setting.name: value for setting, value in wanted},
        created_at=now,
        requested_by=requested_by,
        idempotency_key=idempotency_key,
    )
    settings = [setting for setting, _ in wanted]
    for write in _under_way(setting__in=settings):
        _fail([write], Reason.SUPERSEDED, f"{write.setting.name}: command {command.pk} is newer.", now)
    for setting, value in wanted:
        write = Write(command=command, setting=setting, value=value, previous=setting.confirmed)
        if setting.is_held(value):
            write.status, write.confirmed_at, setting.wanted = Status.CONFIRMED, now, None
        else:
            setting.wanted = value
        write.save()
    Setting.objects.bulk_update(settings, ["wanted"])
    _settle([command.pk], now)
    _notify()
    command.refresh_from_db()
    return command


def claim(now: datetime) -> Publication | None:
    """Take the oldest write that can go out, and the turn of its pump; None if there is none.

    The writes of a pump are taken in order, and the next only after `mark_published` or `mark_unpublished` gave the
    turn back, or it ran out. What comes of the publication is counted from here on: a worker that is killed may have
    sent it.
    """
    while True:
        with transaction.atomic():
            turn = _next_turn(now)
            if turn is None:
                return None
            hold(turn.pump_id)
            publication = _next_publication(turn.pump_id, now)
            if publication is not None:
                turn.until = now + TURN
                turn.save()
                return publication


@transaction.atomic
def mark_published(publication: Publication, now: datetime) -> None:
    """Note that the broker has a write, and give the turn back. What ended meanwhile stays as it ended."""
    _give_back_turn(publication)
    write = Write.objects.get(pk=publication.write_id)
    if write.status == Status.PENDING:
        write.status, write.published_at = Status.PUBLISHED, now
        write.save()
        _settle([write.command_id], now)


@transaction.atomic
def mark_unpublished(publication: Publication, *, sent: bool) -> None:
    """Note that the broker did not acknowledge a write, which stays pending, and give the turn back.

    `sent` is whether it may have got there nevertheless; otherwise it does not count as a write of that day.
    """
    _give_back_turn(publication)
    if not sent:
        publication.delete()
        Write.objects.filter(pk=publication.write_id, publications=None, status=Status.PENDING).update(sent_at=None)
    _notify()


def retry_or_fail_overdue(now: datetime) -> int:
    """Queue the writes again that were not confirmed in time, or fail those that were retried enough.

    Returns how many there were.
    """
    overdue = Q(status=Status.PUBLISHED, published_at__lte=now - ECHO_WITHIN)
    pumps = HeatPump.objects.filter(Exists(Write.objects.filter(overdue, setting__pump=OuterRef("pk"))))
    return sum(_retry_or_fail(pump_id, overdue, now) for pump_id in pumps.values_list("pk", flat=True))


@transaction.atomic
def cancel(command: Command, *, cancelled_by: str, now: datetime) -> None:
    """Give a command up. What was published already may still have reached the pump: its next reading shows that.

    Raises NotUnderWayError.
    """
    hold(command.pump_id)
    writes = _under_way(command=command)
    if not writes:
        raise NotUnderWayError(f"Command {command.pk} has ended already.")
    _fail(writes, Reason.CANCELLED, f"Cancelled by {cancelled_by}.", now)
    _forget_wanted(writes, now)
    command.refresh_from_db()


def confirm(write: Write, now: datetime) -> None:
    """Note that the pump holds what a write asked for. The caller holds the pump, and clears what is wanted."""
    write.status, write.confirmed_at = Status.CONFIRMED, now
    if write.sent_at is not None and write.published_at is None:
        # The pump was quicker than the broker's acknowledgement.
        write.published_at = write.sent_at
    write.save()
    _settle([write.command_id], now)


def _under_way(**conditions: object) -> list[Write]:
    return list(Write.objects.filter(status__in=UNDER_WAY, **conditions).select_related("setting"))


def _next_turn(now: datetime) -> Turn | None:
    """Lock the turn that is free of the pump whose write has waited longest; other workers skip it."""
    pending = Write.objects.filter(status=Status.PENDING, setting__pump=OuterRef("pump"))
    oldest = pending.order_by().values("setting__pump").annotate(oldest=Min("pk")).values("oldest")
    return (
        Turn.objects.filter(Q(until=None) | Q(until__lte=now), Exists(pending))
        .order_by(Subquery(oldest))
        .select_for_update(skip_locked=True)
        .first()
    )


def _next_publication(pump_id: int, now: datetime) -> Publication | None:
    """Take the first pending write of a pump that can go out; on the way there some turn out to need no writing."""
    pending = Write.objects.filter(status=Status.PENDING, setting__pump=pump_id).order_by("pk")
    for write in pending.select_related("setting__pump"):
        setting = write.setting
        if setting.is_held(write.value):
            confirm(write, now)
        elif _writes_of_a_day(setting, now) >= WRITES_A_DAY:
            _fail([write], Reason.WRITE_LIMIT, f"{setting.name} was written {WRITES_A_DAY} times in 24 hours.", now)
        else:
            return _send(write, now)
        _forget_wanted([write], now)
    return None


def _send(write: Write, now: datetime) -> Publication:
    write.sent_at = write.sent_at or now
    write.save()
    write.setting.written_at = now
    write.setting.save()
    return Publication.objects.create(write=write, setting=write.setting, sent_at=now)


def _writes_of_a_day(setting: Setting, now: datetime) -> int:
    return Publication.objects.filter(setting=setting, sent_at__gt=now - DAY).count()


def _give_back_turn(publication: Publication) -> None:
    """End a turn, if it is still the one of this publication, and hold the pump; in that order, as in `claim`."""
    pump_id = publication.setting.pump_id
    Turn.objects.filter(pump=pump_id, until=publication.sent_at + TURN).update(until=None)
    hold(pump_id)


@transaction.atomic
def _retry_or_fail(pump_id: int, overdue: Q, now: datetime) -> int:
    hold(pump_id)
    writes = Write.objects.filter(overdue, setting__pump=pump_id).select_related("command", "setting")
    again = [write for write in writes if write.retry_count < write.command.max_retries]
    for write in again:
        write.status, write.retry_count = Status.PENDING, write.retry_count + 1
    Write.objects.bulk_update(again, ["status", "retry_count"])
    _settle([write.command_id for write in again], now)
    for write in writes:
        if write.status != Status.PENDING:
            _fail_unconfirmed(write, now)
    if again:
        _notify()
    return len(writes)


def _fail_unconfirmed(write: Write, now: datetime) -> None:
    _forget_wanted([write], now)
    name = write.setting.name
    if write.echoed is None:
        _fail([write], Reason.NO_ECHO, f"The pump sent no reading with {name} in time.", now)
    else:
        _fail([write], Reason.OTHER_VALUE, f"The pump shows {name} as {write.echoed}, not as {write.value}.", now)


def _forget_wanted(writes: Sequence[Write], now: datetime) -> None:
    """Fall back to what the pump confirmed."""
    settings = Setting.objects.filter(writes__in=writes)
    HeatPump.objects.filter(settings__in=settings).update(updated_at=now)
    settings.update(wanted=None)


def _fail(writes: Sequence[Write], reason: Reason, sentence: str, now: datetime) -> None:
    for write in writes:
        write.status, write.reason, write.error_message = Status.FAILED, reason, sentence
    Write.objects.bulk_update(writes, ["status", "reason", "error_message"])
    _settle([write.command_id for write in writes], now)


def _settle(commands: Sequence[int], now: datetime) -> None:
    """Bring commands in line with their writes."""
    for command in Command.objects.filter(pk__in=commands):
        writes = list(command.writes.order_by("pk"))
        command.status = status_of(writes)
        command.retry_count = max(write.retry_count for write in writes)
        command.published_at = max((write.published_at for write in writes if write.published_at), default=None)
        if command.status == Status.CONFIRMED:
            command.confirmed_at = now
        elif command.status == Status.FAILED:
            failures = failures_of(writes)
            command.failed_at, command.reason = now, failures[0].reason
            command.error_message = " ".join(dict.fromkeys(write.error_message for write in failures))
        command.save()


def _notify() -> None:
    """Wake the outbox workers when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])

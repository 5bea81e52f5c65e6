"""Reading commands, and how the outbox does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from heatpump.outbox.models import Command, Reason, Status

NEWEST = 10
UNTOLD = (Reason.SUPERSEDED, Reason.CANCELLED)
"""Reasons that somebody chose, and that are no trouble."""


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """Commands that still have to go out, that wait for an echo, and by reason those that failed in a day.

    The moments are when the oldest of each was made; None where there is none. What somebody cancelled or overtook
    does not count as failed.
    """

    unsent: int
    oldest_unsent: datetime | None
    unconfirmed: int
    oldest_unconfirmed: datetime | None
    failed_last_day: Mapping[str, int]


def outbox_summary() -> OutboxSummary:
    unsent, unconfirmed = Q(status=Status.PENDING), Q(status=Status.PUBLISHED)
    a_day_ago = timezone.now() - timedelta(days=1)
    # What the indexes find, so that commands of years are not read.
    under_way = Command.objects.filter(unsent | unconfirmed).order_by()
    failed = Command.objects.filter(failed_at__gte=a_day_ago).exclude(reason__in=UNTOLD).order_by()
    return OutboxSummary(
        **under_way.aggregate(
            unsent=Count("pk", filter=unsent),
            oldest_unsent=Min("created_at", filter=unsent),
            unconfirmed=Count("pk", filter=unconfirmed),
            oldest_unconfirmed=Min("created_at", filter=unconfirmed),
        ),
        failed_last_day=dict(failed.values_list("reason").annotate(Count("pk"))),
    )


def commands_of_device(device_id: str) -> QuerySet[Command]:
    """Return the newest commands of a device, newest first."""
    return Command.objects.filter(pump__device_id=device_id).select_related("pump")[:NEWEST]


def newest_failure(device_id: str, *, since: datetime) -> Command | None:
    """Return the newest command of a device if it failed since a moment, and not because somebody chose that."""
    newest = next(iter(commands_of_device(device_id)[:1]), None)
    if newest is None or newest.failed_at is None or newest.failed_at < since or newest.reason in UNTOLD:
        return None
    return newest


def command_by_id(command_id: int) -> Command | None:
    return Command.objects.filter(pk=command_id).select_related("pump").first()

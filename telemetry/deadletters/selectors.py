"""Reading how many dead letters there are.

Ages count from when a letter was recorded: the time of the failure may be whatever a device or client claimed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone

from telemetry.deadletters.models import DeadLetter


@dataclass(frozen=True, slots=True)
class DeadLetterSummary:
    """How many letters there are, how many came in the last hour, and when the newest came."""

    total: int
    last_hour: int
    newest: datetime | None


def dead_letter_summary() -> DeadLetterSummary:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    return DeadLetterSummary(
        **DeadLetter.objects.aggregate(
            total=Count("id"),
            last_hour=Count("id", filter=Q(recorded_at__gte=an_hour_ago)),
            newest=Max("recorded_at"),
        )
    )


def counts_by_reason(since: datetime) -> dict[str, int]:
    """Return how many letters came for each reason since a moment."""
    recent = DeadLetter.objects.filter(recorded_at__gte=since).order_by()
    return dict(recent.values_list("reason").annotate(Count("id")))


def unsent_count() -> int:
    """Return how many letters nobody has sent again."""
    return DeadLetter.objects.filter(sent_again_at=None).count()

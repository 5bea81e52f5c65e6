"""Moments as text: RFC 3339, always with a time zone."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
MomentWithZone = Annotated[datetime, msgspec.Meta(tz=True)]


def read_moment(text: str) -> datetime:
    """Read RFC 3339 text as UTC; raises ValueError for any other, and for a time without a zone."""
    moment = msgspec.convert(text, MomentWithZone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # In UTC it lies outside of the calendar's first or last year.
        return EARLIEST if moment.year == 1 else LATEST


def moment_text(moment: datetime) -> str:
    """Write a moment in UTC, with a `Z` at its end."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

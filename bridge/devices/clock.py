"""When a reading was taken, from what a device says of its own clock."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

import msgspec

from bridge.messages import is_sane


def unix_time(seconds: float | None) -> datetime | None:
    """Read Unix seconds; None if there are none or no calendar reaches that far."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def iso_time(value: object, zone: tzinfo, received_at: datetime) -> datetime | None:
    """Read RFC 3339 text, `T` or a space between date and time; None if it is none.

    Text without an offset is in `zone`. In the hour that a change from summer time repeats, it is the one of the two
    moments that is nearer to the time of receipt.
    """
    try:
        moment = msgspec.convert(value, datetime)
        if moment.tzinfo is None:
            both = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
            moment = min(both, key=lambda one: abs(one.astimezone(UTC) - received_at))
        return moment.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def first_sane(moments: Iterable[datetime | None], received_at: datetime) -> datetime:
    """Return the first of the device's times that can be believed, or else the time of receipt."""
    return next((moment for moment in moments if moment and is_sane(moment, received_at)), received_at)

"""Types of command line arguments that several commands take."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime

SLOWEST = 0.01
FASTEST = 1_000_000.0


def moment(text: str) -> datetime:
    """Read an RFC 3339 time in whole seconds as UTC; one without a time zone is refused, since it could be either."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-11-01T00:00:00Z") from None
    if time.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no time zone; write {text}Z for UTC, or an offset such as +01:00")
    if time.microsecond:
        raise ArgumentTypeError(f"{text!r} is not in whole seconds, as the meter's clock is")
    return time.astimezone(UTC)


def speed(text: str) -> float:
    """Read how many times faster than the real clock; 0 is as fast as possible."""
    try:
        factor = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None
    if factor != 0 and not SLOWEST <= factor <= FASTEST:
        raise ArgumentTypeError(f"{text} is out of range; allowed: 0, or {SLOWEST:g} to {FASTEST:g}")
    return factor

"""How a command's status follows from those of its writes."""

from collections.abc import Collection

from heatpump.outbox.models import Reason, Status, Write


def status_of(writes: Collection[Write]) -> Status:
    """Return what a command with these writes, at least one, is.

    While any is under way, so is the command: it is published once none of them still has to go out. Then it is
    confirmed if all were; one that was superseded never was, even though a newer command answers for its setting.
    """
    statuses = {write.status for write in writes}
    order = (Status.PENDING, Status.PUBLISHED, Status.FAILED, Status.CONFIRMED)
    return next(status for status in order if status in statuses)


def failures_of(writes: Collection[Write]) -> list[Write]:
    """Return the writes that made a command fail, those first that nobody superseded: they are the trouble."""
    failed = [write for write in writes if write.status == Status.FAILED]
    return sorted(failed, key=lambda write: write.reason == Reason.SUPERSEDED)

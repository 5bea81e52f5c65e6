"""How a command's status follows from those of its writes."""

from collections.abc import Collection

from heatpump.outbox.models import Reason, Status, Write


def status_of(writes: Collection[Write]) -> Status:
    """Return what a command with these writes, at least one, is.

    While any is under way, so is the command: it is published once none of them still has to go out. Then it failed if
    a write failed. One that was superseded is left out, since a newer command answers for that setting; but where all
    were, so was the command.
    """
    statuses = {write.status for write in writes if write.reason != Reason.SUPERSEDED}
    for status in (Status.PENDING, Status.PUBLISHED, Status.FAILED, Status.CONFIRMED):
        if status in statuses:
            return status
    return Status.FAILED


def failures_of(writes: Collection[Write]) -> list[Write]:
    """Return the writes that made a command fail; those that were superseded only if all were."""
    failed = [write for write in writes if write.status == Status.FAILED]
    return [write for write in failed if write.reason != Reason.SUPERSEDED] or failed

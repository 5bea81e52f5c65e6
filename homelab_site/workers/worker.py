"""What every worker is: a loop of small steps."""

from typing import Protocol


class Worker(Protocol):
    """A long-running process of the house.

    `trouble` names the exceptions that mean that something outside is away: the loop waits and tries again, for
    ever. Any other exception is a defect, and ends the process.
    """

    name: str
    trouble: tuple[type[Exception], ...]

    def step(self) -> bool:
        """Wait about half a second at most for something to do, and do it; tell whether there was something."""

    def close(self) -> None:
        """Finish what was taken and let go of connections, within `loop.CLOSE_SECONDS`."""

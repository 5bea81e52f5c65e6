"""A plan: the argument lists that would run, and what a person should know before they do."""

import shlex
from typing import Literal

import msgspec

STEP_SECONDS = 15


class Step(msgspec.Struct, frozen=True):
    """One argument list, and the seconds after which its processes are ended."""

    argv: tuple[str, ...]
    seconds: float = STEP_SECONDS


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a request comes to. `preview` runs in a dry run in place of `steps`; nothing of it changes the cluster."""

    intent: str
    resource: str
    namespace: str | None
    target: str
    summary: str
    risk: Literal["none", "low", "medium", "high"]
    changes: bool
    checks: tuple[str, ...]
    steps: tuple[Step, ...]
    preview: tuple[Step, ...]
    shows: Literal["start", "end"]
    needs_confirmation: bool

    @property
    def command(self) -> str:
        """Return the plan as a person would type it."""
        return " && ".join(shlex.join(step.argv) for step in self.steps)

"""A plan: the argument lists that would run, and what a person should know before they do."""

import shlex
from collections.abc import Sequence
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


class ShownPlan(msgspec.Struct, kw_only=True):
    """A plan as an answer shows it. `argv` is what runs, and `preview` what a dry run runs instead."""

    command: str
    argv: list[list[str]]
    preview: list[list[str]]
    intent: str
    namespace: str | None
    target: str
    summary: str
    risk: str
    changes: bool
    checks: list[str]


def shown(plan: Plan, argv: Sequence[Sequence[str]] | None = None) -> ShownPlan:
    """Return a plan as an answer shows it, with the argument lists that have run if those are more than planned."""
    return ShownPlan(
        command=plan.command,
        argv=[list(step) for step in argv or [step.argv for step in plan.steps]],
        preview=[list(step.argv) for step in plan.preview],
        intent=plan.intent,
        namespace=plan.namespace,
        target=plan.target,
        summary=plan.summary,
        risk=plan.risk,
        changes=plan.changes,
        checks=list(plan.checks),
    )

"""An answer of the operations tool in lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any


def report(answer: Mapping[str, Any]) -> str:
    """Return what was planned, what came of it, and what is asked of the person now."""
    return "\n".join([*_plan(answer["plan"]), *_outcome(answer), *_asked(answer)])


def _plan(plan: Mapping[str, Any] | None) -> Iterator[str]:
    if plan is None:
        return
    yield f"Plan:    {plan['summary']}"
    yield f"Command: {plan['command']}"
    yield f"Risk:    {plan['risk']}{'' if plan['changes'] else ' (changes nothing)'}"
    if plan["checks"]:
        yield "Then:"
        yield from (f"  manage.py k8s {check}" for check in plan["checks"])


def _outcome(answer: Mapping[str, Any]) -> Iterator[str]:
    result, validation = answer["result"], answer["validation"]
    if answer["plan"]:
        yield ""
    if result:
        yield from (text.rstrip("\n") for text in (result["stdout"], result["stderr"]) if text)
        if result["truncated"]:
            yield "(cut)"
    yield answer["message"]
    yield from (f"  {reason}" for reason in validation["reasons"])
    if validation["suggestion"]:
        yield f"Instead: {validation['suggestion']}"


def _asked(answer: Mapping[str, Any]) -> Iterator[str]:
    confirmation = answer["confirmation"]
    if answer["status"] == "awaiting_confirmation":
        yield f"To confirm this very plan within ten minutes: --execute --confirm {confirmation}"
    elif answer["status"] == "planned" and answer["plan"]["changes"]:
        confirm = f" --confirm {confirmation} (within ten minutes)" if confirmation else ""
        yield f"To carry it out: --execute{confirm}"

"""Answers of the operations tool in lines for a terminal."""

import shlex
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


def report_readings(understood: Mapping[str, Any]) -> str:
    """Return what a request in words may mean, as commands to type, and what is asked or why it is refused."""
    lines = [line for reading in understood["readings"] for line in _reading(reading)]
    if understood["question"]:
        lines.append(understood["question"])
    if understood["refused"]:
        lines += ["Refused; nothing has run.", f"  {understood['refused']}"]
    return "\n".join(lines)


def _reading(reading: Mapping[str, Any]) -> Iterator[str]:
    plan = reading["plan"]
    yield f"{reading['confidence']:4.0%} {plan['summary']} (risk: {plan['risk']})"
    yield f"     manage.py k8s {shlex.join(_arguments(reading))}"


def _arguments(reading: Mapping[str, Any]) -> Iterator[str]:
    """Yield the arguments of the command that a reading comes to."""
    yield from (reading["intent"], reading["resource"])
    if reading["name"]:
        yield reading["name"]
    if reading["namespace"] and reading["resource"] != "namespace":
        yield from ("-n", reading["namespace"])
    for name, value in reading["params"].items():
        option = {"withSource": "--with-source"}.get(name, f"--{name.replace('_', '-')}")
        yield from (option,) if value is True else (option, str(value))

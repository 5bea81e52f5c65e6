"""What a caller may ask: every member checked by type, length and charset before anything else looks at it.

Values end up as elements of argument lists, so each form starts with a letter or a digit: none can be an option.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

INTENTS = (
    *("restart", "diagnose", "logs", "scale", "status", "describe", "events", "top"),
    *("cordon", "uncordon", "drain"),
    *("flux-reconcile", "flux-suspend", "flux-resume", "flux-status"),
    *("job-restart", "config-view"),
    *("gh-run-watch", "gh-run-list", "gh-run-view", "gh-workflow-view", "gh-pr-list", "gh-pr-view"),
)
RESOURCES = (
    *("deployment", "statefulset", "daemonset", "pod", "node", "service", "namespace", "configmap"),
    *("kustomization", "job", "workflow", "pull-request"),
)

LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
SELECTOR_KEY = r"(?:[a-z0-9][-a-z0-9.]{0,252}/)?[A-Za-z0-9][-A-Za-z0-9_.]{0,62}"
SELECTOR_TERM = rf"{SELECTOR_KEY}(?:(?:=|==|!=)[A-Za-z0-9][-A-Za-z0-9_.]{{0,62}})?"
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose members are well-formed; whether it makes sense and is allowed, others judge.

    `timeout` is in seconds and `since` a duration such as `10m`. `dry_run` is None where the caller does not say:
    then what only reads runs, and what changes something does not.
    """

    intent: str
    resource: str
    namespace: str | None = None
    name: str | None = None
    selector: str | None = None
    container: str | None = None
    replicas: int | None = None
    tail: int | None = None
    since: str | None = None
    timeout: int | None = None
    with_source: bool = False
    repo: str | None = None
    workflow: str | None = None
    run_id: int | None = None
    limit: int | None = None
    pr_number: int | None = None
    comments: bool = False
    dry_run: bool | None = None
    confirm: bool | str = False


class InvalidRequestError(Exception):
    """A request that is not well-formed. `reasons` repeat no value of the caller; `understood` are its good members."""

    def __init__(self, reasons: list[str], understood: Mapping[str, Any]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons
        self.understood = understood


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a request: the attribute it becomes, its reader (ValueError if it is bad), and what is allowed."""

    attribute: str
    read: Callable[[Any], Any]
    allowed: str


def parse_request(given: object) -> Request:
    """Return the request that a caller's mapping describes.

    Raises InvalidRequestError with a reason for each member that is unknown, missing or of the wrong form.
    """
    if not isinstance(given, Mapping):
        raise InvalidRequestError(["A request is an object with members such as intent and resource."], {})
    members = {name: value for name, value in given.items() if name != "constraints"}
    understood, reasons = _read(members, MEMBERS, "")
    constraints = given.get("constraints")
    if constraints is None:
        constraints = {}
    if isinstance(constraints, Mapping):
        more, more_reasons = _read(constraints, CONSTRAINTS, "constraints.")
        understood, reasons = {**understood, **more}, reasons + more_reasons
    else:
        reasons.append("constraints: an object with dryRun and confirm.")
    reasons += [f"{name}: missing." for name in ("intent", "resource") if members.get(name) is None]
    if reasons:
        raise InvalidRequestError(reasons, understood)
    return Request(**understood)


def _read(given: Mapping[Any, Any], members: Mapping[str, Member], where: str) -> tuple[dict[str, Any], list[str]]:
    understood, reasons = {}, []
    for name, value in given.items():
        member = members.get(name) if type(name) is str else None
        if member is None:
            reasons.append(f"{where}{_shown(name)}: no such member; there are {', '.join(members)}.")
            continue
        if value is None:
            continue
        try:
            understood[member.attribute] = member.read(value)
        except ValueError:
            reasons.append(f"{where}{name}: {member.allowed}.")
    return understood, reasons


def _shown(name: object) -> str:
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z][A-Za-z_]{0,23}", name) else "(a member)"


def _text(form: str, longest: int) -> Callable[[Any], str]:
    pattern = re.compile(form)

    def read(value: Any) -> str:
        if type(value) is not str or len(value) > longest or pattern.fullmatch(value) is None:
            raise ValueError
        return value

    return read


def _integer(smallest: int, largest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not smallest <= value <= largest:
            raise ValueError
        return value

    return read


def _number(value: Any) -> int:
    """Read a number of GitHub's, which many write as text."""
    if type(value) is str and re.fullmatch(r"[1-9][0-9]{0,17}", value):
        return int(value)
    return _integer(1, 10**18)(value)


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _seconds(value: Any) -> int:
    if type(value) is str and (match := re.fullmatch(r"([1-9][0-9]{0,4})([smh]?)", value)):
        value = int(match[1]) * SECONDS[match[2]]
    return _integer(1, 900)(value)


def _confirmation(value: Any) -> bool | str:
    return value if type(value) is bool else _text(r"[0-9a-f]{8,16}-[0-9a-f]{32}", 64)(value)


MEMBERS = {
    "intent": Member("intent", _text(r"[a-z][a-z-]*", 32), f"one of {', '.join(INTENTS)}"),
    "resource": Member("resource", _text(r"[a-z][a-z-]*", 32), f"one of {', '.join(RESOURCES)}"),
    "namespace": Member(
        "namespace", _text(LABEL, 63), "an RFC 1123 label: at most 63 lower-case letters, digits and - between them"
    ),
    "name": Member(
        "name",
        _text(rf"{LABEL}(?:\.{LABEL})*", 253),
        "an RFC 1123 name: at most 253 lower-case letters, digits, and - or . between them",
    ),
    "selector": Member(
        "selector",
        _text(rf"{SELECTOR_TERM}(?:,{SELECTOR_TERM}){{0,9}}", 256),
        "labels such as app=bridge,tier!=web, at most 256 characters",
    ),
    "container": Member("container", _text(LABEL, 63), "an RFC 1123 label, the name of a container"),
    "replicas": Member("replicas", _integer(0, 1_000), "a whole number from 0 to 1000, not as text"),
    "tail": Member("tail", _integer(1, 1_000), "a whole number of lines from 1 to 1000"),
    "since": Member("since", _text(r"[1-9][0-9]{0,4}[smh]", 6), "a duration such as 30s, 10m or 2h"),
    "timeout": Member("timeout", _seconds, "seconds from 1 to 900, or a duration such as 2m"),
    "withSource": Member("with_source", _boolean, "true or false"),
    "repo": Member("repo", _text(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", 140), "owner/name"),
    "workflow": Member(
        "workflow", _text(r"[A-Za-z0-9_][A-Za-z0-9_. -]*", 100), "the file or the name of a workflow, such as ci.yml"
    ),
    "run_id": Member("run_id", _number, "the number of a run"),
    "limit": Member("limit", _integer(1, 100), "a whole number from 1 to 100"),
    "pr_number": Member("pr_number", _number, "the number of a pull request"),
    "comments": Member("comments", _boolean, "true or false"),
}
CONSTRAINTS = {
    "dryRun": Member("dry_run", _boolean, "true or false"),
    "confirm": Member("confirm", _confirmation, "true or false, or the confirmation that a plan was shown with"),
}

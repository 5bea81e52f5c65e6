"""The operations tool as Python calls: a request or words in, an answer out, and a line in the audit log in any case.

Imports no Django. The steps of a call: read the request, plan it under the policy, then show, preview or run the plan.
"""

import os
import pwd
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from k8s.audit import AuditError, AuditLog, Record, log_path, open_log
from k8s.confirmation import confirms, issue
from k8s.examination import examine
from k8s.jobs import restart_job
from k8s.plan import Plan, ShownPlan, Step, shown
from k8s.planner import make_plan
from k8s.policy import Policy, PolicyError, load_policy
from k8s.redaction import redact
from k8s.refusal import RefusedError
from k8s.request import InvalidRequestError, Request, parse_request
from k8s.results import Result, Status, result_of, verdict
from k8s.runner import Outcome, run
from k8s.words.ask import Understood, understand


class Validation(msgspec.Struct):
    valid: bool = True
    reasons: list[str] = []
    suggestion: str | None = None


class Answer(msgspec.Struct, kw_only=True):
    """What a call comes to. `message` says it in words; `confirmation` confirms the plan, where that is needed."""

    operationId: str  # noqa: N815 - members are named as in JSON
    status: Status = "failed"
    message: str = "Interrupted."
    plan: ShownPlan | None = None
    validation: Validation = msgspec.field(default_factory=Validation)
    result: Result | None = None
    confirmation: str | None = None

    def refuse(self, reasons: list[str], suggestion: str | None = None) -> None:
        self.status = "refused"
        self.message = "Refused; nothing has run."
        self.validation = Validation(False, [redact(reason) for reason in reasons], suggestion)


def k8s_exec(request: object, *, who: str | None = None) -> dict[str, Any]:
    """Carry out a request (see docs/operations.md for its members) and return the answer as plain objects.

    What changes the cluster runs only with `constraints.dryRun` false, and what needs a confirmation only with
    `constraints.confirm`, which is true or the `confirmation` of an earlier answer for the same plan. `who` goes into
    the audit log; by default it is the user that runs the process. Bad requests do not raise: their answer says
    `refused`. So do those that could not be logged.
    """
    answer = Answer(operationId=str(uuid4()))
    call = Call(answer, request)
    try:
        with open_log() as log:
            try:
                call.carry_out()
            finally:
                _append(log, call, _caller(who))
    except AuditError as error:
        if answer.result is None:
            answer.refuse([str(error)])
        else:
            answer.message += f" {error}"
    return msgspec.to_builtins(answer)  # type: ignore[no-any-return]


def k8s_ask(text: object, *, who: str | None = None) -> dict[str, Any]:
    """Find out what a text in an operator's words asks for, and return it as plain objects. Nothing runs.

    The answer has at most three `readings` with their plans, the likeliest first, each with a `confidence` from 0 to 1;
    a `question` where two are close or something is missing; or the reason why it is `refused`. `who` goes into the
    audit log, as in `k8s_exec`.
    """
    try:
        with open_log() as log:
            understood = _understood(text)
            log.append(_record_of_words(understood, _caller(who)))
    except AuditError as error:
        understood = Understood(refused=str(error))
    return msgspec.to_builtins(understood)  # type: ignore[no-any-return]


class Call:
    """One call on its way from the request to the answer."""

    def __init__(self, answer: Answer, given: object) -> None:
        self.answer = answer
        self.given = given
        self.request: Request | None = None
        self.understood: Mapping[str, Any] = {}
        self.plan: Plan | None = None

    @property
    def dry_run(self) -> bool:
        """Tell whether the plan is only shown. What changes nothing runs unless the caller says that it must not."""
        asked = self.request.dry_run if self.request else self.understood.get("dry_run")
        return asked is not False and (asked is True or self.plan is None or self.plan.changes)

    def carry_out(self) -> None:
        try:
            policy = load_policy()
            self.request = parse_request(self.given)
            self.plan = make_plan(self.request, policy)
            self._check_confirmation(self.request, self.plan)
        except InvalidRequestError as error:
            self.understood = error.understood
            self.answer.refuse(error.reasons)
        except RefusedError as error:
            self.answer.refuse([error.reason], error.suggestion)
        except PolicyError as error:
            self.answer.refuse([str(error)])
        else:
            self._carry_out(self.plan, policy, self.request)

    def _check_confirmation(self, request: Request, plan: Plan) -> None:
        """Refuse a hash that is not this plan's, also where none would have been needed."""
        if isinstance(request.confirm, str) and not confirms(request.confirm, plan):
            raise RefusedError(
                "confirm: not a confirmation of this plan, or older than ten minutes.",
                "Plan it again, and use the confirmation that the plan is shown with.",
            )

    def _carry_out(self, plan: Plan, policy: Policy, request: Request) -> None:
        answer = self.answer
        answer.plan = shown(plan)
        if plan.needs_confirmation and not (request.confirm and not self.dry_run):
            answer.confirmation = issue(plan)
        if self.dry_run:
            self._preview(plan)
        elif answer.confirmation is not None:
            answer.status = "awaiting_confirmation"
            answer.message = "Nothing has run: this needs a confirmation."
        else:
            self._run(plan, policy, request)

    def _preview(self, plan: Plan) -> None:
        self.answer.status, self.answer.message = "planned", "Planned; nothing was changed."
        if plan.preview:
            outcomes = run_until_failure(plan.preview)
            self.answer.result = result_of(plan, outcomes, None)
            status, message = verdict(plan, outcomes)
            if status != "done":
                self.answer.status, self.answer.message = status, f"Nothing was changed. {message}"

    def _run(self, plan: Plan, policy: Policy, request: Request) -> None:
        text, note = None, ""
        if plan.intent == "diagnose":
            outcomes, text = examine(plan, policy)
            self.answer.plan = shown(plan, [outcome.argv for outcome in outcomes])
        elif plan.intent == "job-restart":
            outcomes, note = restart_job(plan.steps, log_path().with_name(f"job.{plan.namespace}.{request.name}.json"))
        else:
            outcomes = run_until_failure(plan.steps)
        self.answer.result = result_of(plan, outcomes, text)
        self.answer.status, message = verdict(plan, outcomes)
        self.answer.message = f"{message} {note}".strip()


def run_until_failure(steps: Sequence[Step]) -> list[Outcome]:
    """Run steps one after another, up to the first that fails."""
    outcomes: list[Outcome] = []
    for step in steps:
        outcomes.append(run(step))
        if outcomes[-1].code != 0:
            break
    return outcomes


def _append(log: AuditLog, call: Call, who: str) -> None:
    answer, plan, result = call.answer, call.plan, call.answer.result
    understood = call.understood
    log.append(
        Record(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            operationId=answer.operationId,
            who=who,
            intent=call.request.intent if call.request else understood.get("intent"),
            namespace=call.request.namespace if call.request else understood.get("namespace"),
            target=plan.target if plan else _named(call),
            command=plan.command if plan else None,
            summary=plan.summary if plan else None,
            risk=plan.risk if plan else None,
            checks=plan.checks if plan else (),
            dryRun=call.dry_run,
            status=answer.status,
            reasons=tuple(answer.validation.reasons) or (answer.message,),
            code=result.code if result else None,
            duration=result.duration if result else None,
            stdoutDigest=result.stdoutDigest if result else None,
            stderrDigest=result.stderrDigest if result else None,
        )
    )


def _understood(text: object) -> Understood:
    if not isinstance(text, str):
        return Understood(refused="A request in words is a text.")
    try:
        return understand(text, load_policy())
    except PolicyError as error:
        return Understood(refused=str(error))


def _record_of_words(understood: Understood, who: str) -> Record:
    """Return what is kept of a request in words: its best reading, as planned, but not the words."""
    best = understood.readings[0] if understood.readings else None
    return Record(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        operationId=str(uuid4()),
        who=who,
        intent=best.intent if best else None,
        namespace=best.namespace if best else None,
        target=best.plan.target if best else None,
        command=best.plan.command if best else None,
        summary=best.plan.summary if best else None,
        risk=best.plan.risk if best else None,
        checks=tuple(best.plan.checks) if best else (),
        dryRun=True,
        status="planned" if best else "refused",
        reasons=(redact(understood.refused or understood.question or "Asked in words."),),
        code=None,
        duration=None,
        stdoutDigest=None,
        stderrDigest=None,
    )


def _named(call: Call) -> str | None:
    if call.request:
        return f"{call.request.resource}/{call.request.name}" if call.request.name else call.request.resource
    resource, name = call.understood.get("resource"), call.understood.get("name")
    return f"{resource}/{name}" if resource and name else resource or name


def _caller(who: object) -> str:
    """Return a caller's name as it can be kept, whatever was given as one: the line must not fail for it."""
    name = _user() if who is None else str(who).encode(errors="replace").decode()
    return redact(" ".join(name.split()))[:64]


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user need not have a name
        return str(os.getuid())

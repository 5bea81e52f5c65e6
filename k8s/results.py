"""What a person gets to see of what has run: whether it worked, why not, and its output without secrets."""

import hashlib
import re
import shlex
from collections.abc import Sequence
from typing import Literal

import msgspec

from k8s.plan import Plan
from k8s.redaction import redact
from k8s.runner import KEPT_BYTES, NOT_FOUND, Outcome, is_json

STDOUT_CHARACTERS = 4_000
STDERR_CHARACTERS = 2_000
# At the end of what was kept a secret may be cut in two, and then it does not look like one.
TORN_CHARACTERS = 4 * 1024

Status = Literal["planned", "awaiting_confirmation", "done", "failed", "refused", "timed_out"]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Output, cut, and digests of the whole of it. Secrets are taken out of both, or a digest would confirm a guess."""

    code: int
    duration: float
    stdout: str
    stderr: str
    stdoutDigest: str  # noqa: N815 - as the answer names it
    stderrDigest: str  # noqa: N815
    truncated: bool


def result_of(plan: Plan, outcomes: Sequence[Outcome], text: str | None) -> Result:
    """Return the result of all steps together; `text` stands for their output where it was made from that."""
    shown = redact(_whole_lines(text if text is not None else _joined(outcomes)))
    errors = redact(_whole_lines("".join(outcome.stderr for outcome in outcomes)))
    stdout = shown[-STDOUT_CHARACTERS:] if plan.shows == "end" else shown[:STDOUT_CHARACTERS]
    stderr = errors[:STDERR_CHARACTERS]
    return Result(
        code=next((outcome.code for outcome in _judged(plan, outcomes) if outcome.code != 0), 0),
        duration=round(sum(outcome.duration for outcome in outcomes), 3),
        stdout=stdout,
        stderr=stderr,
        stdoutDigest=hashlib.sha256(shown.encode()).hexdigest(),
        stderrDigest=hashlib.sha256(errors.encode()).hexdigest(),
        truncated=(stdout, stderr) != (shown, errors) or any(outcome.flooded for outcome in outcomes),
    )


def verdict(plan: Plan, outcomes: Sequence[Outcome]) -> tuple[Status, str]:
    """Return how a plan ended, and a sentence about it."""
    failed = next((outcome for outcome in _judged(plan, outcomes) if outcome.code != 0), None)
    if failed is None:
        return "done", f"Done: {plan.summary}."
    if failed.code == NOT_FOUND:
        return "failed", failed.stderr
    said = f"{failed.stdout}\n{failed.stderr}"
    what = " ".join(failed.argv[:3])
    if failed.timed_out:
        return "timed_out", f"{what} took longer than it may, and was ended after {failed.duration:.0f} s."
    for pattern, status, sentence in EXPLANATIONS:
        if re.search(pattern, said):
            return status, sentence.format(what=what, target=plan.target)
    return "failed", f"{what} failed with code {failed.code}."


EXPLANATIONS: tuple[tuple[str, Status, str], ...] = (
    (r"disruption budget", "failed", "A disruption budget keeps pods where they are; {target} stays cordoned."),
    (
        r"timed out waiting for the condition|global timeout reached|context deadline exceeded",
        "timed_out",
        "{what} is stuck: {target} did not get there in time. What was asked for stands; diagnose it.",
    ),
    (r"exceeded its progress deadline", "failed", "The rollout of {target} is stuck; diagnose it."),
    (
        r"\(Forbidden\)|is forbidden:|^no\b",
        "failed",
        "{what} is forbidden (403): the account may not do this to {target}.",
    ),
    (r"(?i)\(NotFound\)|not found", "failed", "{what}: {target} or something that it needs was not found."),
    (r"\(Unauthorized\)|must be logged in|gh auth login", "failed", "{what}: the login is missing or has expired."),
    (
        r"connection refused|Unable to connect to the server|no such host|was refused - did you specify",
        "failed",
        "{what}: the server does not answer.",
    ),
)


def _judged(plan: Plan, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Return the outcomes that decide: a diagnosis that has read its object is one, whatever else was missing."""
    return outcomes[:1] if plan.intent == "diagnose" else outcomes


def _joined(outcomes: Sequence[Outcome]) -> str:
    """Return the output of steps, under their commands if there are several. JSON is for us and not shown."""
    if len(outcomes) == 1 and not is_json(outcomes[0].argv):
        return outcomes[0].stdout
    shown = [outcome for outcome in outcomes if not is_json(outcome.argv)]
    return "".join(f"$ {shlex.join(outcome.argv)}\n{outcome.stdout}" for outcome in shown)


def _whole_lines(text: str) -> str:
    if len(text) < KEPT_BYTES - TORN_CHARACTERS:
        return text
    return text[: KEPT_BYTES - TORN_CHARACTERS].rpartition("\n")[0]

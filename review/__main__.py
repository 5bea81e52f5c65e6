"""Has a model review what a proposal changes: `python -m review BASE HEAD`, in a working tree of BASE.

Exits with 0 if nothing blocks, with 1 if something does, and with 2 without a verdict, which passes nothing either.
"""

import os
import sys

from review.proposal import read_proposal
from review.report import report
from review.rules import FILE, read_rules
from review.verdict import Finding, NoVerdictError, ask

NO_KEY = (
    "Nobody has reviewed this: ANTHROPIC_API_KEY is not set. It is a secret of the repository (docs/deployment.md), and"
    " GitHub gives none to a proposal from a fork: a maintainer who has read it can push it to a branch of this"
    " repository and open the pull request from there."
)


def main(base: str, head: str) -> int:
    """Review a proposal, and return the exit code."""
    try:
        findings = _review(base, head)
    except NoVerdictError as error:
        print(f"::error title=No review::{error}")  # noqa: T201 - the log is where people read this
        return 2
    print(*report(findings), sep="\n")  # noqa: T201
    return int(any(finding.rule.blocks for finding in findings))


def _review(base: str, head: str) -> list[Finding]:
    key = os.environ.get("ANTHROPIC_API_KEY")
    if not key:
        raise NoVerdictError(NO_KEY)
    text = FILE.read_text()
    return ask(read_proposal(base, head), read_rules(text), text, key)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""What a proposal changes, as git says it. Nothing of the proposal is run.

The working tree is the base's, so attributes by which a proposal could take its own files out of a diff do not count.
"""

import subprocess
from dataclasses import dataclass

LOCKED = (":(glob,exclude)**/requirements*.txt", ":(exclude)*package-lock.json")
"""Written by tools from files that are shown, and too long to read. The list of changed files names them."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The changed files, a line each with how many lines were added and removed; and the diff."""

    files: str
    diff: str


def read_proposal(base: str, head: str) -> Proposal:
    """Return what `head` changes since it left `base`; raises CalledProcessError where git does not know one."""
    changes = f"{base}...{head}"
    return Proposal(_diff("--numstat", changes), _diff("--function-context", changes, "--", ".", *LOCKED))


def _diff(*argv: str) -> str:
    options = ("--no-color", "--no-ext-diff", "--no-textconv")
    answer = subprocess.run(("git", "diff", *options, *argv), check=True, capture_output=True, timeout=120)  # noqa: S607
    return answer.stdout.decode(errors="replace")

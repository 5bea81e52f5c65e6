"""Every title is a conventional commit (https://www.conventionalcommits.org/en/v1.0.0/), as far as the history reaches.

CI fetches all of it (tests/workflows/rules.py); what a shallow clone has is looked at all the same. Merges are made by
others and have titles of their own.
"""

import re

import pytest

from tests.architecture.repository import git, needs_git

TYPES = "build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test"
TITLE = re.compile(rf"({TYPES})(\([a-z0-9_-]+\))?!?: \S.{{0,98}}[^\s.]")


def test_every_title_is_conventional() -> None:
    needs_git()
    titles = git("log", "--no-merges", "--format=%s")
    assert titles
    assert [title for title in titles if not TITLE.fullmatch(title)] == []


@pytest.mark.parametrize(
    "title",
    [
        "Fix the sink",
        "fix the sink",
        "fix:the sink",
        "fixes(sink): commit later",
        "fix(Sink): commit later",
        "fix(): commit later",
        "fix: commit later.",
        "fix: ",
        "WIP",
        "fix: " + "later " * 20,
        'Revert "fix: commit later"',
    ],
)
def test_another_title_is_found_out(title: str) -> None:
    assert not TITLE.fullmatch(title)


@pytest.mark.parametrize("title", ["fix(homelab_site): commit later", "feat!: drop a topic", "docs: 12"])
def test_a_conventional_title_is_none(title: str) -> None:
    assert TITLE.fullmatch(title)

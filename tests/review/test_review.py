"""The review as the workflow runs it, in a working tree of the base, with the API's stand-in."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from review.__main__ import main
from tests.review.model import StandIn, serving
from tests.workflows.workflows import ROOT


@dataclass(frozen=True)
class Outcome:
    """How a review ends, and what it prints."""

    returncode: int
    stdout: str


Review = Callable[..., Outcome]

ACKNOWLEDGED = {"rule": 1, "file": "bridge/worker.py", "line": 12, "problem": "The message is lost if Kafka dies."}
MISPLACED = {"rule": 13, "file": "views.py", "line": 0, "problem": "This is a rule."}


def git(repository: Path, *argv: str) -> str:
    who = ("-c", "user.name=anna", "-c", "user.email=anna@example.com", "-c", "commit.gpgsign=false")
    answer = subprocess.run(("git", *who, *argv), cwd=repository, check=True, capture_output=True, timeout=30)
    return answer.stdout.decode()


@pytest.fixture
def model() -> Iterator[StandIn]:
    with serving() as made:
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the rules in its base, and nothing proposed yet."""
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/ARCH_REVIEW.md", tmp_path / "docs")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "base")
    return tmp_path


def propose(repository: Path, **files: str) -> None:
    """Commit files to a branch, and go back to the base as the workflow does."""
    git(repository, "switch", "--quiet", "--create", "proposal")
    for name, content in files.items():
        (repository / name).write_text(content)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "proposal")
    git(repository, "checkout", "--quiet", "--detach", "main")


@pytest.fixture
def review(
    repository: Path, model: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Review:
    """Proposes files, and reviews them in this process: starting the API's client takes seconds."""

    def propose_and_review(key: str = "a key", **files: str) -> Outcome:
        propose(repository, **files)
        monkeypatch.chdir(repository)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", key)
        return Outcome(main("main", "proposal"), capsys.readouterr().out)

    return propose_and_review


def test_a_proposal_without_a_violation_passes(review: Review, model: StandIn) -> None:
    found = review(new="a line of the proposal\n")
    assert (found.returncode, found.stdout) == (0, "0 violations that block, 0 remarks.\n")
    (asked,) = model.asked
    assert (ROOT / "docs/ARCH_REVIEW.md").read_text() in asked["system"]
    question = asked["messages"][0]["content"]
    assert "+a line of the proposal" in question
    first, *_, last = question.splitlines()
    assert first == last
    assert len(first) == 32


def test_a_violation_blocks_and_a_remark_does_not(review: Review, model: StandIn) -> None:
    model.findings = [MISPLACED, ACKNOWLEDGED]
    found = review(new="x\n")
    assert found.returncode == 1
    assert found.stdout.splitlines() == [
        "::error file=bridge/worker.py,line=12,title=Rule 1%3A Nothing is acknowledged before the next holder has it"
        "::The message is lost if Kafka dies.",
        "::notice file=views.py,line=1,title=Rule 13%3A Code is where a reader looks for it::This is a rule.",
        "1 violations that block, 1 remarks.",
    ]


def test_remarks_alone_pass(review: Review, model: StandIn) -> None:
    model.findings = [MISPLACED]
    assert review(new="x\n").returncode == 0


def test_without_a_key_nothing_passes_and_nobody_is_asked(review: Review, model: StandIn) -> None:
    found = review(key="", new="x\n")
    assert found.returncode == 2
    assert "ANTHROPIC_API_KEY is not set" in found.stdout
    assert model.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "Approved.",
        "{}",
        '{"findings": [{"rule": 99, "file": "x", "line": 1, "problem": "x"}]}',
        '{"findings": [{"rule": 1}]}',
        '{"findings": 1}',
        "[]",
    ],
)
def test_an_answer_of_another_form_is_no_verdict(review: Review, model: StandIn, text: str) -> None:
    model.text = text
    found = review(new="x\n")
    assert found.returncode == 2
    assert "::error title=No review::The model's answer is not of the form" in found.stdout


@pytest.mark.parametrize("reason", ["max_tokens", "refusal"])
def test_half_an_answer_is_no_verdict(review: Review, model: StandIn, reason: str) -> None:
    model.stop_reason = reason
    found = review(new="x\n")
    assert (found.returncode, reason in found.stdout) == (2, True)


def test_a_key_that_is_refused_is_no_verdict(review: Review, model: StandIn) -> None:
    model.status = 401
    found = review(new="x\n")
    assert (found.returncode, "AuthenticationError" in found.stdout) == (2, True)


def test_a_proposal_too_large_to_judge_is_no_verdict(review: Review, model: StandIn) -> None:
    found = review(new="a line\n" * 100_000)
    assert (found.returncode, "split it" in found.stdout) == (2, True)
    assert model.asked == []


def test_a_proposal_cannot_hide_its_files(review: Review, model: StandIn) -> None:
    review(**{".gitattributes": "* -diff\n", "hidden": "a line of the proposal\n"})
    assert "+a line of the proposal" in model.asked[0]["messages"][0]["content"]


def test_a_lock_is_named_and_not_shown(review: Review, model: StandIn) -> None:
    review(**{"requirements-x.txt": "a lock\n", "requirements-x.in": "a wish\n"})
    question = model.asked[0]["messages"][0]["content"]
    assert "1\t0\trequirements-x.txt" in question
    assert "+a wish" in question
    assert "+a lock" not in question


def test_a_finding_is_no_command_itself(review: Review, model: StandIn) -> None:
    model.findings = [{**ACKNOWLEDGED, "file": "a,b::c", "problem": "100%\n::add-mask::x\r\n::stop-commands::x"}]
    lines = review(new="x\n").stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error file=a%2Cb%3A%3Ac,")
    assert lines[0].endswith("::100%25%0A::add-mask::x%0D%0A::stop-commands::x")

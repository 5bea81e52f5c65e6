"""Findings in the words of GitHub's workflow commands: https://docs.github.com/actions/reference/workflow-commands

What a model wrote about a stranger's text is written out so that it can be no command itself.
"""

from collections.abc import Sequence

from review.verdict import Finding


def report(findings: Sequence[Finding]) -> list[str]:
    """Return a line for each finding, what blocks first, and one that sums up."""
    blocking = [finding for finding in findings if finding.rule.blocks]
    remarks = [finding for finding in findings if not finding.rule.blocks]
    summary = f"{len(blocking)} violations that block, {len(remarks)} remarks."
    lines = [_line("error", finding) for finding in blocking] + [_line("notice", finding) for finding in remarks]
    return [*lines, summary]


def _line(command: str, finding: Finding) -> str:
    title = _property(f"Rule {finding.rule.number}: {finding.rule.title}")
    place = f"file={_property(finding.file)},line={max(finding.line, 1)},title={title}"
    return f"::{command} {place}::{_data(finding.problem)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

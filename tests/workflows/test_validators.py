"""Validators made by others, on the workflows and their scripts; and each on what it has to refuse."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.workflows import ROOT, Workflows

BIN = Path(sys.executable).parent
SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir() if path.is_file())


def check(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def schema_of(path: Path) -> str:
    return "vendor.github-actions" if path.name == "action.yml" else "vendor.github-workflows"


def zizmor(root: Path) -> subprocess.CompletedProcess[str]:
    return check(BIN / "zizmor", "--offline", "--no-config", "--no-ignores", "--strict-collection", root / ".github")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    return tmp_path


@pytest.mark.parametrize("path", Workflows(ROOT).files, ids=lambda path: path.name)
def test_github_knows_every_field(path: Path) -> None:
    found = check(BIN / "check-jsonschema", "--builtin-schema", schema_of(path), path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_zizmor_finds_nothing() -> None:
    found = zizmor(ROOT)
    assert found.returncode == 0, found.stdout + found.stderr


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    assert len(SCRIPTS) >= 4
    found = check(BIN / "shellcheck", *SCRIPTS)
    assert (found.returncode, found.stdout) == (0, "")


def test_shellcheck_finds_nothing_in_the_steps(tmp_path: Path) -> None:
    scripts = []
    for number, (_, step) in enumerate(Workflows(ROOT).steps()):
        if "run" in step:
            scripts.append(tmp_path / f"{number}.sh")
            scripts[-1].write_text("#!/bin/bash\nset -eo pipefail\n" + step["run"])
    assert len(scripts) >= 8
    found = check(BIN / "shellcheck", *scripts)
    assert (found.returncode, found.stdout) == (0, "")


def test_a_field_that_github_does_not_know_is_refused(copy: Path) -> None:
    path = copy / ".github/workflows/ci.yml"
    path.write_text(path.read_text().replace("    timeout-minutes:", "    timeout:"))
    assert check(BIN / "check-jsonschema", "--builtin-schema", schema_of(path), path).returncode == 1


@pytest.mark.parametrize(
    ("says", "instead", "finding"),
    [
        ('.ci/version "$GITHUB_REF"', '.ci/version "${{ github.head_ref }}"', "template-injection"),
        ("  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
        ("persist-credentials: false", "show-progress: false", "artipacked"),
    ],
)
def test_what_is_dangerous_is_refused(copy: Path, says: str, instead: str, finding: str) -> None:
    path = copy / ".github/workflows/ci.yml"
    assert says in path.read_text()
    path.write_text(path.read_text().replace(says, instead))
    found = zizmor(copy)
    assert found.returncode > 0
    assert finding in found.stdout

"""A migration that is on main stays as it is. That each is numbered and records itself, the runner's tests check."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, git, needs_git

MIGRATIONS = "gitops/apps/base/timescaledb/migrations"
RECORD = "tests/architecture/migrations.sha256"
"""As `sha256sum *.sql` prints it; a new migration adds its line."""


def differences(root: Path) -> list[str]:
    """Return the lines by which the record and the files differ."""
    files = sorted((root / MIGRATIONS).glob("*.sql"))
    lines = {f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in files}
    return sorted(lines ^ set((root / RECORD).read_text().splitlines()))


def taken_back(root: Path) -> Iterator[str]:
    """Yield the lines of the record that some commit, or the working tree, has removed."""
    of_commits = git("log", "-p", "-m", "--format=", "--no-renames", "--", RECORD, root=root)
    for line in [*of_commits, *git("diff", "HEAD", "--no-renames", "--", RECORD, root=root)]:
        if line.startswith("-") and not line.startswith("---"):
            yield line[1:]


def test_every_migration_is_the_one_that_was_recorded() -> None:
    assert differences(ROOT) == []


def test_nothing_recorded_was_ever_taken_back() -> None:
    needs_git()
    assert list(taken_back(ROOT)) == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in (MIGRATIONS, Path(RECORD).parent):
        shutil.copytree(ROOT / name, tmp_path / name)
    git("init", "--quiet", root=tmp_path)
    git("add", ".", root=tmp_path)
    git("commit", "--quiet", "--message", "test: record", root=tmp_path)
    return tmp_path


def change(clone: Path, name: str, before: str, after: str) -> None:
    path = clone / name
    path.write_text(path.read_text().replace(before, after))


def test_a_change_of_a_migration_is_found_out(clone: Path) -> None:
    change(clone, f"{MIGRATIONS}/001_bookkeeping.sql", "\n", "\n\n")
    assert len(differences(clone)) == 2


def test_a_migration_without_a_record_is_found_out(clone: Path) -> None:
    (clone / MIGRATIONS / "999_new.sql").write_text("")
    assert [line.split()[1] for line in differences(clone)] == ["999_new.sql"]


@pytest.mark.parametrize("committed", [False, True])
def test_a_change_of_the_record_is_found_out(clone: Path, committed: bool) -> None:
    change(clone, RECORD, "001_bookkeeping.sql", "001_other.sql")
    if committed:
        git("commit", "--quiet", "--all", "--message", "test: change", root=clone)
    assert [line.split()[1] for line in taken_back(clone)] == ["001_bookkeeping.sql"]


def test_a_line_that_is_added_is_no_change(clone: Path) -> None:
    with (clone / RECORD).open("a") as record:
        record.write(f"{'0' * 64}  999_new.sql\n")
    git("commit", "--quiet", "--all", "--message", "test: add", root=clone)
    assert list(taken_back(clone)) == []

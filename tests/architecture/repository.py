"""The repository that rules about code and history look at."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.lacking import lacks

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bridge", "energy", "heatpump", "homelab_site", "k8s", "review", "telemetry")


def needs_git(root: Path = ROOT) -> None:
    """Skip the test where there is no history, as in an archive of the sources, but not in CI."""
    if not (root / ".git").exists():
        lacks("needs a clone, which has the history")


def git(*argv: str, root: Path = ROOT) -> list[str]:
    """Return the lines that git answers, whoever owns the clone."""
    options = ("-c", f"safe.directory={root}", "-c", "user.name=anna", "-c", "user.email=anna@example.com")
    answer = subprocess.run(("git", *options, *argv), cwd=root, check=True, capture_output=True, timeout=60)
    return answer.stdout.decode(errors="replace").splitlines()


def modules(root: Path, *packages: str) -> Iterator[tuple[str, ast.Module, int]]:
    """Yield the path, the syntax and the number of lines of each module, without the migrations that Django writes."""
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            if path.parent.name != "migrations":
                text = path.read_text()
                yield str(path.relative_to(root)), ast.parse(text), len(text.splitlines())

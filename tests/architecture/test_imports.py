"""Who may import whom, also by way of others: the contracts are in pyproject.toml, and each is broken once here."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import PACKAGES, ROOT

LINTER = Path(sys.executable).with_name("lint-imports")

LAYERS = "What is built of something imports it, and never the other way round"
BREACHES = {
    "an app that knows the site": ("energy/selectors.py", "homelab_site.overview.selectors", LAYERS),
    "a worker's loop that knows a device": ("homelab_site/workers/batch.py", "bridge.devices", LAYERS),
    "Kafka in the API, through others": (
        *("energy/selectors.py", "telemetry.deadletters.sending"),
        "The API imports no Kafka",
    ),
    "Django in a parser, through others": (
        *("bridge/devices/values.py", "homelab_site.checks"),
        "Parsing, protocols and rules import no Django",
    ),
    "a bridge that knows the sink": (
        *("bridge/worker.py", "telemetry.sink.rows"),
        "The bridge knows nobody who reads what it writes",
    ),
    "an operations tool that reads telemetry": (
        *("k8s/tasks.py", "telemetry.selection"),
        "The operations tool knows no other app",
    ),
    "energy that knows the heat pump": (
        "energy/pages/words.py",
        "heatpump.words",
        "Energy does not know the heat pump",
    ),
    "a heat pump that knows energy": ("heatpump/selectors.py", "energy.models", "The heat pump does not know energy"),
    "a task that stores readings": ("telemetry/tasks.py", "telemetry.sink.store", "Only the sink stores readings"),
}


def broken(root: Path) -> list[str]:
    """Return the names of the contracts that do not hold; raises CalledProcessError if none could be judged."""
    argv = (LINTER, "--no-cache")
    found = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    if "\nContracts: " not in found.stdout:
        raise subprocess.CalledProcessError(found.returncode, argv, found.stdout, found.stderr)
    names = [line.removesuffix(" BROKEN") for line in found.stdout.splitlines() if line.endswith(" BROKEN")]
    assert bool(names) == bool(found.returncode)
    return names


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", target)
    for package in PACKAGES:
        only_modules = shutil.ignore_patterns("static", "templates", "__pycache__")
        shutil.copytree(ROOT / package, target / package, ignore=only_modules)
    return target


def test_the_contracts_hold() -> None:
    assert broken(ROOT) == []


@pytest.mark.parametrize(("file", "imported", "contract"), BREACHES.values(), ids=list(BREACHES))
def test_a_breach_is_found_out(copy: Path, file: str, imported: str, contract: str) -> None:
    path = copy / file
    whole = path.read_text()
    path.write_text(f"{whole}\nimport {imported}\n")
    try:
        assert contract in broken(copy)
    finally:
        path.write_text(whole)

"""Validators made by others, on the tree and on what is rendered from it."""

import subprocess
import sys
from pathlib import Path

import yaml

from tests.gitops.tree import ROOT, Tree, containers

BIN = Path(sys.executable).parent
OLDEST_KUBERNETES = "1.34"


def test_yamllint_finds_nothing() -> None:
    argv: list[str | Path] = [BIN / "yamllint", "--strict", "-c", "gitops/.yamllint.yaml", "gitops"]
    found = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (found.returncode, found.stdout) == (0, "")


def test_kubernetes_knows_every_field(tree: Tree, tmp_path: Path) -> None:
    """Custom resources are left out: their descriptions are not Kubernetes'."""
    files = []
    for path, things in tree.rendered.items():
        ours = [thing for thing in things if thing["apiVersion"].partition("/")[0].count(".") < 2]
        if ours or not things:
            files.append(tmp_path / f"{path.replace('/', '_')}.yaml")
            files[-1].write_text(yaml.dump_all(ours, Dumper=yaml.CSafeDumper) if ours else "---\n")
    options = ("-k", OLDEST_KUBERNETES, "--strict", "--quiet", "--no-warn")
    argv: list[str | Path] = [BIN / "kubernetes-validate", *options, *files]
    found = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stdout + found.stderr


def test_shellcheck_finds_nothing(tree: Tree, tmp_path: Path) -> None:
    scripts = list((ROOT / "gitops").rglob("*.sh"))
    for thing in tree.workloads:
        for container in containers(thing):
            if container.get("command", [""])[0] == "bash" and "-c" in container["command"]:
                script = tmp_path / f"{thing['metadata']['name']}.sh"
                script.write_text("#!/bin/bash\n" + container["args"][0])
                scripts.append(script)
    assert len(scripts) >= 3
    # SC2016: a variable in single quotes is for the inner shell.
    argv: list[str | Path] = [BIN / "shellcheck", "--exclude=SC2016", *scripts]
    found = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (found.returncode, found.stdout) == (0, "")

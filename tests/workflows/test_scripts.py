"""The scripts that the workflows run, in scratch repositories: versions, and the image in the tree."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.workflows.workflows import ROOT

IMAGE = "gitops/apps/components/image/kustomization.yaml"
DIGEST = "sha256:" + "0a" * 32


def git(repository: Path, *argv: str) -> None:
    who = ("-c", "user.name=anna", "-c", "user.email=anna@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *who, *argv), cwd=repository, check=True, capture_output=True, timeout=30)


def run(script: str, *argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (ROOT / ".ci" / script, *argv), cwd=cwd, capture_output=True, text=True, check=False, timeout=30
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone whose main has two commits."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", "origin")
    for title in ("first", "second"):
        git(tmp_path / "origin", "commit", "--quiet", "--allow-empty", "--message", title)
    git(tmp_path, "clone", "--quiet", "origin", "clone")
    return tmp_path / "clone"


def test_a_release_has_the_version_of_its_tag(repository: Path) -> None:
    git(repository, "tag", "v1.20.3")
    assert run("version", "refs/tags/v1.20.3", cwd=repository).stdout == "1.20.3\n"


def test_a_release_is_on_main(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "mine")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "third")
    git(repository, "tag", "--annotate", "--message", "mine", "v1.2.3")
    found = run("version", "refs/tags/v1.2.3", cwd=repository)
    assert (found.returncode, found.stdout, found.stderr) == (1, "", "v1.2.3 is on no commit of main\n")


@pytest.mark.parametrize("tag", ["v1", "v1.2", "v01.2.3", "v1.2.3-rc1", "v1.2.3.4", "vanish", "1.2.3"])
def test_a_tag_of_another_form_is_no_release(repository: Path, tag: str) -> None:
    git(repository, "tag", tag)
    assert run("version", f"refs/tags/{tag}", cwd=repository).returncode == 1


def test_what_is_on_main_counts_from_the_last_release(repository: Path) -> None:
    assert run("version", "refs/heads/main", cwd=repository).stdout.startswith("0.0.0-2-g")
    git(repository, "tag", "--annotate", "--message", "one", "v1.2.3")
    assert run("version", "refs/heads/main", cwd=repository).stdout.startswith("1.2.3-0-g")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "third")
    assert run("version", "refs/heads/main", cwd=repository).stdout.startswith("1.2.3-1-g")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    target = tmp_path / IMAGE
    target.parent.mkdir(parents=True)
    shutil.copy(ROOT / IMAGE, target)
    return tmp_path


def test_a_release_is_pinned_and_the_next_one_instead_of_it(tree: Path) -> None:
    before = (tree / IMAGE).read_text()
    for version, digest in (("1.2.3", DIGEST), ("1.2.4", "sha256:" + "0b" * 32)):
        assert run("pin-image", "ghcr.io/anna/homelab", version, digest, cwd=tree).returncode == 0
        content = (tree / IMAGE).read_text()
        (image,) = yaml.safe_load(content)["images"]
        assert image == {"name": "homelab", "newName": "ghcr.io/anna/homelab", "newTag": version, "digest": digest}
        assert content.partition("apiVersion")[0] == before.partition("apiVersion")[0]


@pytest.mark.parametrize(
    "argv",
    [
        ("ghcr.io/anna/homelab", "1.2.3", "sha256:1"),
        ("ghcr.io/anna/homelab", "main", DIGEST),
        ("ghcr.io/anna|homelab", "1.2.3", DIGEST),
        ("", "1.2.3", DIGEST),
        ("ghcr.io/anna/homelab", "1.2.3", f"{DIGEST}\nx"),
    ],
)
def test_what_is_no_image_is_not_pinned(tree: Path, argv: tuple[str, ...]) -> None:
    before = (tree / IMAGE).read_text()
    assert run("pin-image", *argv, cwd=tree).returncode == 1
    assert (tree / IMAGE).read_text() == before

"""The Dockerfile's steps, taken in a scratch directory: no engine that builds images is needed."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from homelab_site.stack.child import Child, free_port
from tests.gitops import dockerfile
from tests.gitops.tree import Tree, containers
from tests.waiting import eventually

BIN = Path(sys.executable).parent


def test_hadolint_finds_nothing() -> None:
    subprocess.run([BIN / "hadolint", dockerfile.ROOT / "Dockerfile"], check=True, timeout=60)


def test_dependencies_are_a_layer_of_their_own_before_the_source() -> None:
    copies = [value for name, value in dockerfile.instructions() if name == "COPY"]
    assert copies == ["requirements.txt /", "--from=dependencies /venv /venv", ". ."]


def test_the_image_runs_as_a_user_with_a_number_and_has_no_compiler() -> None:
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", dockerfile.value_of("USER"))
    assert not re.search(r"\b(gcc|build-essential|clang|make)\b", str(dockerfile.instructions()))


def test_both_stages_are_the_same_exact_python_that_the_pins_are_for() -> None:
    bases = {value.split()[0] for name, value in dockerfile.instructions() if name == "FROM"}
    python = re.search(r"--python-version (\S+)", (dockerfile.ROOT / "Makefile").read_text())
    assert python
    assert len(bases) == 1
    assert re.fullmatch(rf"python:{re.escape(python[1])}\.\d+-slim-trixie", bases.pop())


@dataclass(frozen=True)
class Image:
    """What the image holds, in a directory: the application, and a virtual environment of its own."""

    root: Path
    environment: dict[str, str]

    def run(self, *argv: str | Path) -> None:
        """Take a step of the Dockerfile."""
        subprocess.run(argv, cwd=self.app, env=self.environment, check=True, timeout=300, stdout=subprocess.DEVNULL)

    def start(self, name: str, argv: list[str], **environment: str) -> Child:
        """Start a process of the image as the cluster does; it can write to `run-NAME` and `tmp-NAME` only."""
        run, tmp = (self.root / f"{kind}-{name}" for kind in ("run", "tmp"))
        for path in (run, tmp):
            path.mkdir()
            path.chmod(0o777)
        places = {"HOMELAB_DATA_DIR": str(run), "WORKER_RUN_DIR": str(run), "TMPDIR": str(tmp)}
        full = {**self.environment, **places, **environment}
        confined_argv = confined(["env", "-C", str(self.app), *argv], run, tmp)
        child = Child(name, confined_argv, self.root / f"{name}.log", env=full)
        child.start()
        return child

    @property
    def app(self) -> Path:
        return self.root / "app"


def confined(argv: list[str], *writable: Path) -> list[str]:
    """Return a command that runs another as the image's user, with a root file system that cannot be written to.

    It takes a root of Linux, as in CI; anybody else runs the other as it is. The user may look into any directory,
    since the interpreter can be in root's home.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return argv
    user, _, group = dockerfile.value_of("USER").partition(":")
    look = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    script = (
        'while [ "$1" != -- ]; do mount --bind "$1" "$1" || exit 99; shift; done; shift; '
        'mount -o remount,bind,ro / || exit 99; exec "$@"'
    )
    become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *look, "--"]
    return ["unshare", "--mount", "sh", "-c", script, "sh", *map(str, writable), "--", *become, *argv]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Take the Dockerfile's steps."""
    root = tmp_path_factory.mktemp("image")
    venv = root / "venv"
    dockerfile.copy_context(root / "app")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COVERAGE_PROCESS_START")},
        **dockerfile.environment(),
        "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
        "STATIC_ROOT": str(root / "static"),
        "HOMELAB_VERSION": "1.2.3",
    }
    made = Image(root, environment)
    made.run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, venv)
    only_wheels = ("--require-hashes", "--only-binary", ":all:")
    requirements = made.app / "requirements.txt"
    made.run(BIN / "uv", "pip", "install", "--quiet", "--python", venv / "bin/python", *only_wheels, "-r", requirements)
    made.run(venv / "bin/python", "manage.py", "collectstatic", "--no-input")
    return made


@pytest.mark.timeout(600)
def test_the_web_process_serves_and_ends_when_it_is_told_to(image: Image) -> None:
    port = free_port()
    server = image.start("web", [word.replace("8000", str(port)) for word in dockerfile.command()])
    try:
        server.wait_for_port(port, 120)
        with urlopen(f"http://127.0.0.1:{port}/health/live", timeout=30) as answer:
            assert answer.status == 200
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=30) as answer:
            assert b'"version": "1.2.3"' in answer.read()
        server.signal(signal.SIGTERM)
        assert server.wait(30)
    finally:
        server.kill()


@pytest.mark.timeout(600)
def test_every_worker_of_the_tree_comes_to_life(image: Image, tree: Tree, transactional_db: None) -> None:
    """All at once: each is alive when its liveness file is there."""
    commands = {
        thing["metadata"]["name"]: container["command"]
        for thing in tree.of_kind("Deployment")
        for container in containers(thing)
        if container["name"] == "homelab" and container.get("command")
    }
    assert len(commands) == 7
    children = {name: image.start(name, command) for name, command in commands.items()}
    try:
        for name, child in children.items():
            eventually(lambda: list((image.root / f"run-{name}").glob("*.alive")) or not child.is_running, 120)  # noqa: B023
            assert child.is_running, child.log_tail()
            child.signal(signal.SIGTERM)
        for child in children.values():
            assert child.wait(60), child.log_tail()
    finally:
        for child in children.values():
            child.kill()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", ["migrate", "migrate_telemetry", "backup_database", "drill_restore"])
def test_a_job_of_the_tree_finds_what_it_needs(image: Image, command: str) -> None:
    job = image.start(command, ["python", "manage.py", command, "--help"])
    assert job.wait(120)
    assert job.exit_status == 0, job.log_tail()


@pytest.mark.timeout(600)
def test_the_settings_are_fit_for_the_world(image: Image) -> None:
    check = image.start("check", ["python", "manage.py", "check", "--deploy"])
    assert check.wait(120)
    assert check.exit_status == 0, check.log_tail()

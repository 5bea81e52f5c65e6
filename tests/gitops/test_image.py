"""The Dockerfile's steps, taken in a scratch directory: no engine that builds images is needed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from homelab_site.stack.child import Child, free_port
from tests.gitops import dockerfile

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


@pytest.mark.timeout(600)
def test_what_the_image_holds_installs_and_serves(tmp_path: Path) -> None:
    app, venv = tmp_path / "app", tmp_path / "venv"
    dockerfile.copy_context(app)
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        **dockerfile.environment(),
        "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
        "STATIC_ROOT": str(tmp_path / "static"),
        "HOMELAB_DATA_DIR": str(tmp_path / "run"),
        "HOMELAB_VERSION": "1.2.3",
    }

    def run(*argv: str | Path) -> None:
        subprocess.run(argv, cwd=app, env=env, check=True, timeout=300, stdout=subprocess.DEVNULL)

    run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, venv)
    only_wheels = ("--require-hashes", "--only-binary", ":all:")
    requirements = app / "requirements.txt"
    run(BIN / "uv", "pip", "install", "--quiet", "--python", venv / "bin/python", *only_wheels, "-r", requirements)
    run(venv / "bin/python", "manage.py", "collectstatic", "--no-input")
    run(venv / "bin/python", "manage.py", "check", "--deploy")
    argv = [word.replace("8000", str(port)) for word in dockerfile.command()]
    server = Child("web", ["/usr/bin/env", "-C", str(app), *argv], tmp_path / "log", env=env)
    server.start()
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

from collections.abc import Iterator
from pathlib import Path

import pytest

from homelab_site.stack import parts, supervisor
from homelab_site.stack.child import free_port
from tests.homelab_site.stack.small import AT_WORK, FOR_EVER, WEB, Stack, Start, python


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def new_stack(data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Start]:
    """Make stacks whose parts are the test's, and whose services are those that the tests run on."""
    run_dir = data_dir / "run"
    run_dir.mkdir(parents=True)
    monkeypatch.setenv("WORKER_RUN_DIR", str(run_dir))
    monkeypatch.setattr(supervisor, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", 0.005)
    monkeypatch.setattr(parts, "web", lambda port: python("web", WEB, str(port)))
    monkeypatch.setattr(parts, "PREPARE", python("prepare", ""))
    monkeypatch.setattr(parts, "WORKERS", python("workers", AT_WORK + FOR_EVER))
    monkeypatch.setattr(parts, "CELERY", python("celery", "0" + FOR_EVER))
    made: list[Stack] = []

    def make(port: int = 0) -> Stack:
        made.append(Stack(data_dir, port or free_port()))
        return made[-1]

    yield make
    for stack in made:
        stack.supervisor.stop()

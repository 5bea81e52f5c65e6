import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from homelab_site.stack.parts import MANAGE
from manage import take_data_dir


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMELAB_DATA_DIR", "as it was")


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `manage.py` as a person would; return its status and what it said as an error."""
    done = subprocess.run(
        [sys.executable, MANAGE, *arguments],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("argv", "kept", "directory"),
    [
        (["manage.py", "check"], ["manage.py", "check"], "as it was"),
        (["manage.py", "check", "--data-dir", "here"], ["manage.py", "check"], "here"),
        (["manage.py", "check", "--data-dir=here=there"], ["manage.py", "check"], "here=there"),
        (["manage.py", "--data-dir", "here", "check", "--deploy"], ["manage.py", "check", "--deploy"], "here"),
        (["manage.py", "--data-dir", "a", "check", "--data-dir", "b"], ["manage.py", "check"], "b"),
        (["manage.py", "publish", "--data-dirs", "x"], ["manage.py", "publish", "--data-dirs", "x"], "as it was"),
    ],
)
def test_the_data_directory_is_taken_from_anywhere_in_a_command(
    argv: list[str], kept: list[str], directory: str
) -> None:
    assert take_data_dir(argv) == kept
    assert os.environ["HOMELAB_DATA_DIR"] == directory


@pytest.mark.parametrize("end", [["--data-dir"], ["--data-dir="], ["--data-dir", ""], ["--data-dir", "--port", "1"]])
def test_a_data_directory_that_is_not_given_is_an_error(end: list[str]) -> None:
    with pytest.raises(SystemExit, match="--data-dir needs a directory"):
        take_data_dir(["manage.py", "homelab", *end])
    assert os.environ["HOMELAB_DATA_DIR"] == "as it was"


def test_a_wrong_setting_ends_a_command_with_a_sentence() -> None:
    status, said = run("check", environment={"METER_MAX_KW": "lots"})
    assert (status, said) == (1, "METER_MAX_KW is 'lots'; allowed: a whole number from 1 to 100000\n")


def test_a_command_without_services_names_what_is_missing(tmp_path: os.PathLike[str]) -> None:
    status, said = run("runworker", "sink", "--data-dir", str(tmp_path), environment={"KAFKA_BROKERS": ""})
    assert status == 1
    assert said == (
        f"CommandError: No one-machine stack runs in {tmp_path}, and KAFKA_BROKERS is not set. "
        "Start one with `make run`, or name the services.\n"
    )

"""`k8s_ask` and `manage.py k8s ask`: nothing runs, and each call is written down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from homelab_site.stack.parts import MANAGE
from k8s.tool import k8s_ask, k8s_exec
from tests.k8s.conftest import audited
from tests.k8s.recorder import Recorders
from tests.k8s.test_command import MEASURED, environment, manage


@pytest.fixture(autouse=True)
def no_stack(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMELAB_DATA_DIR", str(workplace / "data"))


def test_nothing_runs_and_the_call_is_written_down(recorders: Recorders) -> None:
    answer = k8s_ask("restart the api", who="ana")
    assert answer["readings"][0]["plan"]["command"].startswith("kubectl rollout restart deployment/api -n homelab")
    assert recorders.calls() == []
    (line,) = audited()
    assert (line["who"], line["intent"], line["dryRun"], line["status"]) == ("ana", "restart", True, "planned")


def test_a_reading_is_a_request_that_can_be_made(recorders: Recorders) -> None:
    reading = k8s_ask("scale the api to 2")["readings"][0]
    request = {name: reading[name] for name in ("intent", "resource", "namespace", "name")} | reading["params"]
    answer = k8s_exec({**request, "constraints": {"dryRun": True}})
    assert (answer["status"], answer["plan"]["command"]) == ("planned", reading["plan"]["command"])


def test_a_refusal_is_written_down_too(recorders: Recorders) -> None:
    assert "Nothing is deleted" in k8s_ask("delete the api pod")["refused"]
    assert audited()[0]["status"] == "refused"


@pytest.mark.parametrize("text", [None, 3, b"restart api", ["restart api"]])
def test_what_is_no_text_is_refused(recorders: Recorders, text: object) -> None:
    assert k8s_ask(text) == {"readings": [], "question": None, "refused": "A request in words is a text."}


def test_without_a_policy_all_is_refused(workplace: Path) -> None:
    (workplace / "policy.json").unlink()
    assert "cannot be read" in k8s_ask("restart the api")["refused"]


def test_a_secret_in_a_request_is_not_written_down(recorders: Recorders) -> None:
    k8s_ask("restart foo with password=hunter2hunter2 please")
    assert "hunter2" not in json.dumps(audited())


def test_the_command_prints_commands_to_type(recorders: Recorders) -> None:
    code, printed = manage("ask", "scale the api to 2")
    assert code == 0
    assert printed.splitlines()[1].strip() == "manage.py k8s scale deployment api -n homelab --replicas 2"


@pytest.mark.parametrize(("text", "code"), [("status of the api", 0), ("delete the api", 3), ("scale the api", 6)])
def test_exit_codes_tell_readings_refusals_and_questions_apart(recorders: Recorders, text: str, code: int) -> None:
    assert manage("ask", text)[0] == code


def test_json_is_the_answer(recorders: Recorders) -> None:
    answer: dict[str, Any] = json.loads(manage("ask", "logs of the api", "--json")[1])
    assert set(answer) == {"readings", "question", "refused"}
    assert set(answer["readings"][0]) == {"intent", "resource", "namespace", "name", "params", "confidence", "plan"}


def test_asking_is_small_and_quick(recorders: Recorders) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "k8s", "ask", "restart the api"],
        env={**environment(), "PYTHONPATH": str(Path(MANAGE).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, kibibytes = done.stdout.split()[-2:]
    assert float(seconds) < 1.5
    assert int(kibibytes) < 60 * 1024

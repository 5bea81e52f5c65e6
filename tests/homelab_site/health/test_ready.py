import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from homelab_site.health.checks import DEPENDENCIES, TOTAL_SECONDS
from homelab_site.stack.child import free_port
from homelab_site.stack.services import Postgres
from tests.away import PASSWORD, brokers_at, databases_at, everything_at, silent_port
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("django_db_setup")


def dependencies(client: Client, status: int) -> dict[str, dict[str, Any]]:
    answer = client.get("/health/ready")
    assert answer.status_code == status, answer.content
    found: dict[str, dict[str, Any]] = answer.json()["dependencies"]
    return found


def down(found: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, dependency in found.items() if dependency["state"] == "down"}


def test_the_site_is_ready_when_everything_is_there(client: Client) -> None:
    found = dependencies(client, 200)
    assert list(found) == ["homelab_database", "telemetry_database", "kafka", "valkey", "mqtt"]
    assert down(found) == set()
    assert all(dependency["milliseconds"] > 0 for dependency in found.values())


def test_ready_says_which_build_this_is(client: Client) -> None:
    with override_settings(VERSION="1.2.3", REVISION="0123abc"):
        answer = client.get("/health/ready").json()
    assert (answer["version"], answer["revision"]) == ("1.2.3", "0123abc")


@pytest.mark.parametrize(("alias", "name"), [("default", "homelab_database"), ("telemetry", "telemetry_database")])
def test_a_database_that_is_killed_is_named_and_the_site_is_not_ready(
    client: Client, tmp_path: Path, alias: str, name: str
) -> None:
    server = Postgres(tmp_path)
    server.start()
    with databases_at(server.environment()["DATABASE_URL"], alias):
        assert dependencies(client, 200)[name]["state"] == "up"
        server.kill()
        found = dependencies(client, 503)
    assert down(found) == {name}
    assert found[name]["reason"] == "cannot be asked: OperationalError"


def test_without_its_brokers_the_site_still_serves_what_is_stored(client: Client) -> None:
    with brokers_at(free_port()):
        assert down(dependencies(client, 200)) == {"kafka", "valkey", "mqtt"}


def test_what_accepts_and_never_answers_does_not_hold_up_the_answer(client: Client) -> None:
    began = time.monotonic()
    with silent_port() as port, everything_at(port):
        found = dependencies(client, 503)
    assert time.monotonic() - began < TOTAL_SECONDS + 1
    assert down(found) == set(DEPENDENCIES)
    assert found["homelab_database"]["reason"] == "no answer within 1.5 s"


def test_the_answer_holds_no_address_and_no_password(client: Client) -> None:
    port = free_port()
    with everything_at(port):
        text = client.get("/health/ready").content.decode()
    assert PASSWORD not in text
    assert str(port) not in text


def test_the_log_says_more_than_the_answer(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with everything_at(port):
        client.get("/health/ready")
    assert f"127.0.0.1:{port}" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_service_that_nothing_names_is_said_to_be_missing(client: Client, settings: Any) -> None:
    settings.REDIS_URL = ""
    assert dependencies(client, 200)["valkey"]["reason"] == "REDIS_URL is not set"


def test_checks_leave_no_thread_behind(client: Client) -> None:
    before = set(threading.enumerate())
    with everything_at(free_port()):
        dependencies(client, 503)
    # A thread ends a moment after its answer is there.
    eventually(lambda: set(threading.enumerate()) <= before)

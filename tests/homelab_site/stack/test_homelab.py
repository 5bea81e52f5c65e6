"""One stack of the real command: it is used, ended, started again, killed and started once more."""

import html
import http.cookiejar
import json
import re
import signal
import stat
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from django.conf import settings

from homelab_site.stack.child import free_port, listens
from homelab_site.stack.parts import manage
from homelab_site.stack.state import environment_of_running_stack
from tests.homelab_site.stack.command import Homelab, newcomers_environment, processes_of, run
from tests.waiting import eventually

MOMENT = "2026-01-02 03:04:05+00"


class Browser:
    """Keeps cookies and sends forms."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._cookies = http.cookiejar.CookieJar()
        processor = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), processor)

    def get(self, path: str) -> tuple[str, str]:
        """Return the page that a path ends at after redirections, and where that is."""
        with self._opener.open(self.url + path, timeout=20) as answer:
            return answer.read().decode(), answer.url.removeprefix(self.url)

    def patch(self, path: str, change: object) -> Any:
        """Ask the API for a change, as a script of our pages does, and return its answer."""
        token = next(cookie.value for cookie in self._cookies if cookie.name == settings.CSRF_COOKIE_NAME)
        headers = {"Content-Type": "application/json", "X-CSRFToken": str(token)}
        request = urllib.request.Request(self.url + path, json.dumps(change).encode(), headers, method="PATCH")
        with self._opener.open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def log_in(self, name: str, password: str) -> str:
        """Fill in the form that the status page leads to; return where that ends."""
        return self.send(*self.get("/status/"), name, password)[1]

    def send(self, form: str, where: str, name: str, password: str) -> tuple[str, str]:
        """Fill in a form for a name and a password; return the page that this ends at, and where that is."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        fields = {
            **{key: html.unescape(value) for key, value in hidden.items()},
            "username": name,
            "password": password,
        }
        url = urllib.parse.urljoin(self.url, where)
        request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode(), {"Referer": url})
        with self._opener.open(request, timeout=20) as answer:
            return answer.read().decode(), answer.url.removeprefix(self.url)


def query(stack: Homelab, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement as the owner of the stack's telemetry database."""
    connection = psycopg2.connect(stack.state.environment["TELEMETRY_OWNER_DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homelab") / "var"


@pytest.fixture(scope="module")
def running(directory: Path) -> Iterator[Homelab]:
    stack = Homelab(directory, free_port())
    yield stack.until_ready()
    stack.signal(signal.SIGTERM)
    stack.until_ended()


@pytest.fixture(scope="module")
def ended(running: Homelab) -> Homelab:
    """The same stack after a Ctrl-C, and another one by somebody impatient."""
    query(running, f"INSERT INTO energy_consumption (time, device_serial) VALUES ('{MOMENT}', 'kept')")
    running.press_ctrl_c()
    running.press_ctrl_c()
    running.until_ended()
    return running


@pytest.fixture(scope="module")
def started_again(ended: Homelab) -> Iterator[Homelab]:
    """The next start, with a real server for one of its services."""
    stack = Homelab(ended.data_dir, free_port(), "--no-simulator", REDIS_URL=settings.REDIS_URL)
    yield stack.until_ready()
    stack.signal(signal.SIGTERM)
    stack.until_ended()


@pytest.fixture(scope="module")
def after_a_kill(started_again: Homelab) -> Iterator[Homelab]:
    """The start after the stack's own process was killed."""
    started_again.kill()
    assert len(processes_of(started_again.data_dir)) >= 5
    stack = Homelab(started_again.data_dir, free_port(), "--no-simulator")
    yield stack.until_ready()
    stack.signal(signal.SIGTERM)
    stack.until_ended()


def test_it_says_what_it_starts_before_it_is_ready(running: Homelab) -> None:
    steps = [line.removeprefix("starting ") for line in running.said.splitlines() if line.startswith("starting ")]
    assert steps == [
        "identity provider", "PostgreSQL", "Kafka (Tansu)", "MQTT (rumqttd)", "Valkey", "web server",
        "workers", "Celery with its beat", "device simulator",
    ]  # fmt: skip


def test_the_printed_login_logs_in(running: Homelab) -> None:
    browser = Browser(running.port)
    assert browser.get("/status/")[1] == "/login/?next=/status/"
    assert browser.log_in(*running.login) == "/status/"
    assert browser.get("/admin/telemetry/deadletter/")[1] == "/admin/telemetry/deadletter/"


def test_a_wrong_password_does_not_log_in(running: Homelab) -> None:
    browser = Browser(running.port)
    browser.log_in(running.login[0], "a wrong one")
    assert browser.get("/status/")[1] == "/login/?next=/status/"


def test_the_status_page_shows_the_streams(running: Homelab) -> None:
    browser = Browser(running.port)
    browser.log_in(*running.login)
    page, _ = browser.get("/status/")
    assert all(stream in page for stream in ("Electricity", "Heat pump", "Temperature"))


def test_readings_of_the_simulated_devices_are_stored(running: Homelab) -> None:
    eventually(lambda: query(running, "SELECT 1 FROM energy_consumption LIMIT 1"))


def test_a_changed_setting_is_confirmed_by_the_simulated_pump_within_five_seconds(running: Homelab) -> None:
    browser = Browser(running.port)
    browser.log_in(*running.login)
    path = "/api/v1/heatpump/settings"

    def held(name: str) -> Any:
        return next((pump[name] for pump in json.loads(browser.get(path)[0])["settings"]), None)

    # The pump speaks every 30 seconds, and who asks the API all the while is asked to slow down.
    eventually(lambda: query(running, "SELECT 1 FROM heatpump_status LIMIT 1"), 60)
    eventually(lambda: held("indoor_target_temp"), 10)
    change = browser.patch(f"{path}/thermiq_heatpump", {"indoor_target_temp": 23, "curve_plus_5": -3})
    assert change["outbox_status"] == "pending"
    command = f"{path}/outbox/{change['outbox_id']}"
    eventually(lambda: json.loads(browser.get(command)[0])["status"] == "confirmed", 5)
    assert (held("indoor_target_temp"), held("curve_plus_5")) == (23, -3)


def test_another_command_finds_the_stack(running: Homelab) -> None:
    status = run("pipeline_status", "--json", "--data-dir", str(running.data_dir))
    assert status.returncode == 0, status.stderr
    assert {"energy", "heatpump", "temperature"} <= json.loads(status.stdout)["streams"].keys()


def test_a_second_stack_in_the_same_directory_is_refused(running: Homelab) -> None:
    refused = run("homelab", "--data-dir", str(running.data_dir), "--port", str(free_port()))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"CommandError: A stack runs in {running.data_dir} already; stop it, or choose another --data-dir.\n"
    )
    assert listens(running.port)


def test_secrets_are_readable_by_their_owner_only(running: Homelab) -> None:
    secrets = [running.data_dir / name for name in ("stack.json", "secret_key", "login_password")]
    identity = running.data_dir / "identity"
    secrets += [*identity.glob("*_secret"), *identity.glob("*_password"), *identity.glob("keys/*")]
    assert len(secrets) == 8
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert stat.S_IMODE(identity.stat().st_mode) == 0o700


def test_the_printed_person_logs_in_through_the_identity_provider(running: Homelab) -> None:
    found = re.search(
        r"^or through the identity provider as (\S+) with the password (\S+),$", running.said, re.MULTILINE
    )
    assert found, running.said
    browser = Browser(running.port)
    form, login = browser.get("/login/oidc/?next=/admin/")
    page, where = browser.send(form, login, *found.groups())
    assert where == "/admin/"
    assert "Log out" in page


def kill(stack: Homelab, name: str) -> None:
    psutil.Process(stack.state.children[name].pid).kill()


def test_a_killed_process_is_brought_back_and_said(running: Homelab) -> None:
    before = running.state.children["workers"]
    kill(running, "workers")
    running.until_said("workers ended (status -9); starting it again (its log is ")
    eventually(lambda: running.state.children.get("workers", before) != before)


def test_celery_that_is_killed_leaves_no_second_beat(running: Homelab) -> None:
    kill(running, "celery")
    running.until_said("Celery with its beat ended (status -9)")
    eventually(lambda: len([line for line in processes_of(running.data_dir) if "--beat" in line]) == 2)


def test_killed_services_are_brought_back_where_they_were(running: Homelab) -> None:
    before = running.state
    kill(running, "valkey")
    kill(running, "postgresql")
    running.until_said("Valkey ended; starting it again")
    running.until_said("PostgreSQL ended; starting it again")
    eventually(lambda: "preparing" in running.said.rpartition("PostgreSQL ended")[2], 90)
    eventually(lambda: running.state.children.keys() == before.children.keys(), 90)
    assert running.state.environment == before.environment


def test_ctrl_c_ends_everything_with_status_0(ended: Homelab) -> None:
    assert ended.exit_status == 0, ended.said
    assert ended.said.endswith("\nstopping\n")
    assert "Traceback" not in ended.said
    assert processes_of(ended.data_dir) == []
    assert not listens(ended.port)


def test_no_command_finds_a_stack_that_has_ended(ended: Homelab) -> None:
    assert environment_of_running_stack(ended.data_dir) == {}


def test_the_next_start_finds_its_data_and_its_login(started_again: Homelab, ended: Homelab) -> None:
    assert query(started_again, "SELECT time FROM energy_consumption WHERE device_serial = 'kept'")
    assert started_again.login == ended.login
    assert Browser(started_again.port).log_in(*ended.login) == "/status/"


def test_a_service_that_is_named_is_not_started(started_again: Homelab) -> None:
    assert "Valkey" not in started_again.said
    services = {"identity", "postgresql", "kafka", "mqtt"}
    assert started_again.state.children.keys() == services | {"web", "workers", "celery"}
    assert started_again.state.environment["REDIS_URL"] == settings.REDIS_URL


def test_without_simulator_nothing_is_published(started_again: Homelab) -> None:
    assert "device simulator" not in started_again.said


def test_a_start_after_a_kill_ends_what_was_left_over_and_works(after_a_kill: Homelab, started_again: Homelab) -> None:
    for name in ("postgresql", "kafka", "mqtt", "web", "workers", "celery"):
        assert f"ending {name}, left over from a stack that was killed" in after_a_kill.said
    assert not listens(started_again.port)
    assert Browser(after_a_kill.port).log_in(*after_a_kill.login) == "/status/"
    assert query(after_a_kill, "SELECT time FROM energy_consumption WHERE device_serial = 'kept'")


def test_sigterm_ends_everything_too(after_a_kill: Homelab) -> None:
    began = time.monotonic()
    after_a_kill.signal(signal.SIGTERM)
    assert after_a_kill.until_ended() == 0
    assert processes_of(after_a_kill.data_dir) == []
    assert time.monotonic() - began < 20


def test_a_closed_terminal_ends_everything(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    argv = manage("homelab", "--data-dir", str(directory), "--port", str(free_port()))
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=newcomers_environment()
    ) as stack:
        assert stack.stdout
        assert stack.stdout.readline() == b"starting identity provider\n"
        stack.stdout.close()
        stack.send_signal(signal.SIGHUP)
        stack.wait(40)
    assert processes_of(directory) == []
    assert not (directory / "stack.json").exists()


def test_ctrl_c_during_the_first_start_leaves_nothing(tmp_path: Path) -> None:
    stack = Homelab(tmp_path / "var", free_port()).until_said("starting PostgreSQL")
    stack.press_ctrl_c()
    assert stack.until_ended() == 0
    assert stack.said.endswith("stopped before it was ready\nstopping\n")
    assert "Traceback" not in stack.said
    assert processes_of(stack.data_dir) == []

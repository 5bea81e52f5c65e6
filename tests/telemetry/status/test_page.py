import re
from contextlib import closing

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from homelab_site.stack.child import free_port
from homelab_site.workers.registry import WORKERS
from telemetry.schema.runner import Connection
from tests.away import brokers_at
from tests.telemetry.status.conftest import beat, store

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


@pytest.fixture
def alice(client: Client) -> User:
    """Alice lives in the house and is logged in; she does not run its system."""
    alice = User.objects.create_user("alice", password="alice-s-secret")
    client.force_login(alice)
    return alice


def beat_all(but: str = "") -> None:
    for worker in WORKERS.keys() - {but}:
        beat(worker)


def text(client: Client, **headers: str) -> str:
    """Return the page's words, without its markup."""
    answer = client.get("/status/", headers=headers)
    assert answer.status_code == 200
    return re.sub(r"(<[^>]*>|\s)+", " ", answer.content.decode())


def test_a_stranger_is_asked_to_log_in(client: Client) -> None:
    assert client.get("/", follow=True).redirect_chain == [("/login/?next=/", 302)]


def test_who_logs_in_gets_to_the_page_and_out_again(client: Client, telemetry: Connection) -> None:
    User.objects.create_user("alice", password="alice-s-secret")
    login = {"username": "alice", "password": "alice-s-secret", "next": ""}
    assert client.post("/login/", login, follow=True).redirect_chain == [("/", 302)]
    assert client.post("/logout/", follow=True).redirect_chain == [("/login/", 302)]
    assert client.get("/status/").status_code == 302


def test_when_all_is_well_the_page_says_so(client: Client, alice: User, telemetry: Connection) -> None:
    for table in ("energy_consumption", "heatpump_status", "temperature_sensors"):
        store(telemetry, table, "10 seconds")
    beat_all()
    beat("sink", seconds=3 * 3600)
    page = text(client)
    assert "Readings arrive and are stored" in page
    assert re.search(r"Heat pump on time newest reading 1\d s ago 1 in the last hour", page)
    assert "Sink running stores readings from Kafka for 3 h on cellar" in page


def test_a_silent_stream_and_a_dead_worker_stand_out(client: Client, alice: User, telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "12 minutes")
    beat_all(but="bridge")
    page = text(client)
    assert "2 things need a look Electricity: no new reading for 12 min. The worker bridge does not run." in page
    assert "Electricity late newest reading 12 min ago" in page
    assert "Bridge not running" in page
    assert "2 saker behöver ses över El: ingen ny avläsning på 12 min." in text(client, Accept_Language="sv")


def test_what_is_away_is_shown_as_unknown(client: Client, alice: User, telemetry: Connection) -> None:
    with brokers_at(free_port()):
        page = text(client)
    assert "Kafka: cannot be asked: ConnectionRefusedError." in page
    assert "Sink unknown" in page


def test_only_who_may_see_dead_letters_is_led_to_them(client: Client, alice: User, telemetry: Connection) -> None:
    link = reverse("admin:telemetry_deadletter_changelist")
    assert link not in client.get("/status/").content.decode()
    alice.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    assert link in client.get("/status/").content.decode()


def test_the_page_runs_only_what_the_site_serves(client: Client, alice: User, telemetry: Connection) -> None:
    page = client.get("/status/").content.decode()
    assert not re.search(r"<style| style=|<script>| on\w+=|javascript:", page)
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        with closing(client.get(path)) as answer:
            assert answer.status_code == 200


def test_an_unknown_path_has_a_page_of_its_own(client: Client) -> None:
    answer = client.get("/attic")
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.content.decode()

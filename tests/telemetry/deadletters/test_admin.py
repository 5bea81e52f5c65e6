from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from telemetry.deadletters.models import DeadLetter
from tests.telemetry.deadletters.conftest import Tail
from tests.telemetry.deadletters.letters import FROM_KAFKA, FROM_MQTT, METER_PAYLOAD, kept

CHANGE_LIST = reverse("admin:telemetry_deadletter_changelist")


@pytest.fixture
def browser(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def browser_of(*permissions: str) -> Client:
    bob = User.objects.create_user("bob", password="bob-s-secret", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(bob)
    return client


def page_of(letter: DeadLetter) -> str:
    return reverse("admin:telemetry_deadletter_change", args=[letter.pk])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def send_selected(browser: Client, letters: Sequence[DeadLetter]) -> list[str]:
    chosen = {"action": "send_selected_again", "_selected_action": [letter.pk for letter in letters]}
    return said(browser.post(CHANGE_LIST, chosen))


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def listed(browser: Client, **query: str) -> list[DeadLetter]:
    return list(browser.get(CHANGE_LIST, query).context["cl"].queryset)


def test_the_list_shows_where_a_letter_came_from_and_why_in_the_time_of_the_house(browser: Client) -> None:
    kept(FROM_KAFKA, detail="d" * 500)
    page = text_of(browser.get(CHANGE_LIST))
    for shown in ("2026-02-03 05:05:06.000+01:00", "invalid", "Kafka", "homelab-energy-realtime", "d" * 79 + "…"):
        assert f">{shown}<" in page


def test_the_list_can_be_filtered_and_searched(browser: Client) -> None:
    record, message = kept(FROM_KAFKA), kept(FROM_MQTT)
    DeadLetter.objects.filter(pk=message.pk).update(sent_again_at=timezone.now())
    assert listed(browser) == [message, record]
    assert listed(browser, reason__exact="invalid") == [record]
    assert listed(browser, source__exact="mqtt") == [message]
    assert listed(browser, sent_again="yes") == [message]
    assert listed(browser, sent_again="no") == [record]
    assert listed(browser, failed_at__gte="2030-01-01 00:00:00+01:00") == []
    assert listed(browser, q="saveeye") == [message]
    assert listed(browser, q="RFC3339") == [record]


def test_the_page_shows_the_payload_as_indented_json_without_running_it(browser: Client) -> None:
    letter = kept(FROM_KAFKA, payload=b'{"a":"<script>alert(1)</script>"}', origin="<script>", detail="<script>")
    page = text_of(browser.get(page_of(letter)))
    assert ">{\n  &quot;a&quot;: &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;\n}</pre>" in page
    assert "<script>alert" not in page
    assert "<script></div>" not in page
    assert "<script>" not in text_of(browser.get(CHANGE_LIST)).partition("<table")[2]


def test_bytes_that_are_no_text_are_shown_as_a_dump_and_cannot_be_edited(browser: Client) -> None:
    letter = kept(FROM_MQTT, payload=b"\xff\x00")
    page = text_of(browser.get(page_of(letter)))
    assert ">00000000  ff 00 " in page
    assert "<textarea" not in page


def test_bytes_that_are_no_text_can_be_sent_again_from_their_page(browser: Client, energy_topic: Tail) -> None:
    letter = kept(FROM_KAFKA, payload=b"\xff\x00")
    assert said(browser.post(page_of(letter), {"_send_again": "1"})) == ["1 sent."]
    assert energy_topic.read(1) == [(b"4711", b"\xff\x00")]


def test_saving_an_untouched_payload_is_no_correction(browser: Client) -> None:
    letter = kept(FROM_KAFKA, payload=b"\n{\r\n}\n ")
    browser.post(page_of(letter), {"text": "\r\n{\r\n}\r\n ", "_save": "1"})
    letter.refresh_from_db()
    assert letter.corrected_payload is None


def test_a_correction_keeps_the_payload_and_can_be_taken_back(browser: Client) -> None:
    letter = kept(FROM_KAFKA)
    browser.post(page_of(letter), {"text": "{\r\n}", "_save": "1"})
    letter.refresh_from_db()
    assert letter.content == b"{\n}"
    assert bytes(letter.payload) == FROM_KAFKA.payload
    browser.post(page_of(letter), {"text": FROM_KAFKA.payload.decode(), "_save": "1"})
    letter.refresh_from_db()
    assert letter.corrected_payload is None


def test_a_payload_can_be_corrected_and_sent_in_one_go(browser: Client, alice: User, energy_topic: Tail) -> None:
    letter = kept(FROM_MQTT)
    response = browser.post(page_of(letter), {"text": METER_PAYLOAD.decode(), "_send_again": "1"})
    assert response["Location"] == page_of(letter)
    assert said(response) == ["1 sent."]
    assert energy_topic.read(1)[0][0] == b"4711"
    letter.refresh_from_db()
    assert letter.sent_again_by == alice


def test_many_are_sent_at_once_and_each_failure_says_why(browser: Client, energy_topic: Tail) -> None:
    good = [kept(FROM_KAFKA, offset=offset) for offset in range(3)]
    bad = [kept(FROM_MQTT, payload=payload) for payload in (b"[1", b"[2")]
    sent, problem = send_selected(browser, good + bad)
    assert sent == "3 sent."
    assert problem.startswith("2 not sent: still bad (not_json): ")
    assert len(energy_topic.read(3)) == 3


@pytest.mark.usefixtures("no_kafka")
def test_without_kafka_the_page_says_so_and_keeps_the_correction(browser: Client) -> None:
    letter = kept(FROM_KAFKA)
    [problem] = said(browser.post(page_of(letter), {"text": "{}", "_send_again": "1"}))
    assert problem.startswith("1 not sent: Kafka does not answer")
    letter.refresh_from_db()
    assert (letter.sent_again_at, letter.content) == (None, b"{}")


def test_too_many_at_once_are_refused(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.deadletters.admin.AT_ONCE", 1)
    assert send_selected(browser, [kept(FROM_KAFKA), kept(FROM_MQTT)]) == ["Choose at most 1 letters at a time."]


def test_who_may_only_view_can_neither_correct_nor_send(alice: User) -> None:
    letter = kept(FROM_KAFKA)
    bob = browser_of("view_deadletter")
    page = text_of(bob.get(page_of(letter)))
    assert "<textarea" not in page
    assert "_send_again" not in page
    assert bob.post(page_of(letter), {"text": "{}", "_send_again": "1"}).status_code == 403
    assert send_selected(bob, [letter]) == []
    letter.refresh_from_db()
    assert (letter.sent_again_at, letter.corrected_payload) == (None, None)


def test_only_a_superuser_deletes_and_nobody_adds(browser: Client) -> None:
    letter = kept(FROM_KAFKA)
    bob = browser_of("view_deadletter", "change_deadletter", "delete_deadletter", "add_deadletter")
    delete = reverse("admin:telemetry_deadletter_delete", args=[letter.pk])
    assert bob.post(delete, {"post": "yes"}).status_code == 403
    assert browser.get(reverse("admin:telemetry_deadletter_add")).status_code == 403
    assert browser.post(delete, {"post": "yes"}).status_code == 302
    assert not DeadLetter.objects.exists()

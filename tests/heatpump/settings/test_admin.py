"""What people do with settings and commands in the admin."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from heatpump.models import Command
from heatpump.outbox import services as outbox
from tests.heatpump.scripted import HELD, ScriptedPump, state_of

COMMANDS = reverse("admin:heatpump_command_changelist")
CHANGES = reverse("admin:heatpump_change_changelist")


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("carol", password="carol-s-secret"))
    return client


def browser_of(*permissions: str) -> Client:
    bob = User.objects.create_user("bob", password="bob-s-secret", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(bob)
    return client


def page_of(pump: ScriptedPump) -> str:
    return reverse("admin:heatpump_heatpump_change", args=[pump.row.pk])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def save(browser: Client, page: str, shown: dict[str, int], **typed: object) -> Any:
    """Send the form as a browser that was shown some settings, and in which some were typed over."""
    sent = {f"initial-{name}": value for name, value in shown.items()}
    return browser.post(page, {**sent, **shown, **typed})


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def act(browser: Client, action: str, *commands: Command) -> list[str]:
    chosen = {"action": action, "_selected_action": [command.pk for command in commands]}
    return said(browser.post(COMMANDS, chosen))


def test_the_page_shows_each_setting_with_its_unit_its_range_and_what_the_pump_has(
    browser: Client, pump: ScriptedPump
) -> None:
    pump.ask(curve=41)
    page = text_of(browser.get(page_of(pump)))
    rows = re.findall(r'<tr>\s*<th scope="row">(.*?)</tr>', page, re.DOTALL)
    assert len(rows) == len(HELD)
    assert all(expected in rows[0] for expected in ("indoor_target_temp", "15 to 30 degC", "<td>20</td>"))
    assert 'min="15"' in rows[0]
    assert "<td>1 auto</td>" in rows[1]
    assert all(expected in rows[2] for expected in ("<td>40</td>", 'value="41"', "41 is on its way"))


def test_only_what_was_typed_over_is_asked_for(browser: Client, pump: ScriptedPump) -> None:
    response = save(browser, page_of(pump), dict(HELD), curve=41, mode=2)
    command = Command.objects.get()
    assert response.headers["Location"] == page_of(pump)
    assert said(response) == [f"Command {command.pk} is pending."]
    assert (command.payload, command.requested_by) == ({"mode": 2, "curve": 41}, "carol")
    assert LogEntry.objects.get().user.get_username() == "carol"


def test_a_change_at_the_pump_meanwhile_is_not_taken_back(browser: Client, pump: ScriptedPump) -> None:
    pump.read(heatstop=12)
    save(browser, page_of(pump), dict(HELD), curve=41)
    assert Command.objects.get().payload == {"curve": 41}


@pytest.mark.parametrize("typed", [{}, {"curve": ""}])
def test_a_form_that_asks_for_nothing_changes_nothing(
    browser: Client, pump: ScriptedPump, typed: dict[str, object]
) -> None:
    assert said(save(browser, page_of(pump), dict(HELD), **typed)) == ["Nothing was asked for."]
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"indoor_target_temp": 31}, "less than or equal to 30"),
        ({"curve_zero": "warm"}, "Enter a whole number"),
        ({"mode": 5}, "Select a valid choice"),
        ({"curve_min": 46}, "It must not be above curve_max, which is 45."),
    ],
)
def test_a_value_that_is_not_allowed_is_complained_about_beside_it(
    browser: Client, pump: ScriptedPump, typed: dict[str, object], complaint: str
) -> None:
    page = text_of(save(browser, page_of(pump), dict(HELD), curve=41, **typed))
    [name] = typed
    row = next(row for row in page.split("<tr>") if f'name="{name}"' in row)
    assert complaint in row
    assert not Command.objects.exists()


def test_who_may_only_view_sees_the_settings_and_changes_nothing(pump: ScriptedPump) -> None:
    bob = browser_of("view_heatpump", "view_command")
    command = pump.ask(curve=41)
    page = text_of(bob.get(page_of(pump)))
    assert "<td>40</td>" in page
    assert 'name="curve"' not in page
    assert save(bob, page_of(pump), dict(HELD), curve=42).status_code == 403
    act(bob, "cancel_selected", command)
    assert state_of(command) == ("pending", "")


def test_who_may_nothing_sees_nothing(pump: ScriptedPump) -> None:
    bob = browser_of()
    for page in (page_of(pump), COMMANDS, CHANGES):
        assert bob.get(page).status_code == 403


def test_pumps_and_commands_are_neither_added_nor_deleted(browser: Client, pump: ScriptedPump) -> None:
    command = pump.ask(curve=41)
    for model, key in (("heatpump", pump.row.pk), ("command", command.pk)):
        assert browser.get(reverse(f"admin:heatpump_{model}_add")).status_code == 403
        assert browser.post(reverse(f"admin:heatpump_{model}_delete", args=[key]), {"post": "yes"}).status_code == 403


def test_commands_are_listed_with_who_asked_and_can_be_filtered(browser: Client, pump: ScriptedPump) -> None:
    older, newer = pump.ask(by="alice", curve=41), pump.ask(by="bob", curve=42)
    page = text_of(browser.get(COMMANDS))
    for shown in ("curve = 41", "2026-11-01 13:00:30+01:00", "alice", "superseded by a newer command"):
        assert shown in page

    def listed(**query: str) -> list[Command]:
        return list(browser.get(COMMANDS, query).context["cl"].queryset)

    assert listed() == [newer, older]
    assert listed(status__exact="failed") == listed(reason__exact="superseded") == [older]
    assert listed(requested_by="bob") == [newer]
    assert listed(q=str(older.pk)) == [older]


def test_the_page_of_a_command_shows_each_of_its_writes(browser: Client, pump: ScriptedPump) -> None:
    command = pump.ask(curve=41, heatstop=18)
    pump.ask(curve=42)
    page = text_of(browser.get(reverse("admin:heatpump_command_change", args=[command.pk])))
    assert "curve = 41, heatstop = 18" in page
    assert "is newer." in page


def test_commands_are_cancelled_and_it_is_kept_who_did(browser: Client, pump: ScriptedPump) -> None:
    command, other = pump.ask(curve=41), pump.ask(heatstop=18)
    assert act(browser, "cancel_selected", command, other) == ["2 cancelled."]
    assert state_of(command) == ("failed", "cancelled")
    assert command.error_message == "Cancelled by carol."
    assert LogEntry.objects.count() == 2
    assert act(browser, "cancel_selected", command)[-1] == f"Command {command.pk} has ended already."


def test_what_failed_is_asked_for_again(browser: Client, pump: ScriptedPump) -> None:
    command, waiting = pump.ask(curve=41), pump.ask(heatstop=18)
    outbox.cancel(command, cancelled_by="bob", now=pump.clock.now)
    assert act(browser, "ask_for_selected_again", command, waiting) == [
        "1 asked for again.",
        f"Command {waiting.pk} has not failed.",
    ]
    again = Command.objects.latest("pk")
    assert (again.payload, again.requested_by, again.status) == ({"curve": 41}, "carol", "pending")


def test_what_may_no_longer_be_asked_for_says_why(browser: Client, pump: ScriptedPump) -> None:
    command = pump.ask(curve_min=45)
    outbox.cancel(command, cancelled_by="bob", now=pump.clock.now)
    pump.ask(curve_max=40)
    [problem] = act(browser, "ask_for_selected_again", command)
    assert problem.endswith("curve_min: It must not be above curve_max, which is 40.")


def test_too_many_commands_at_once_are_refused(
    browser: Client, pump: ScriptedPump, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heatpump.outbox.admin.AT_ONCE", 1)
    problem = act(browser, "cancel_selected", pump.ask(curve=41), pump.ask(heatstop=18))
    assert problem == ["Choose at most 1 commands at a time."]


def test_every_change_is_listed_with_who_made_it(browser: Client, pump: ScriptedPump) -> None:
    pump.ask(by="alice", curve=41)
    pump.publish()
    pump.read(mode=4)
    page = text_of(browser.get(CHANGES))
    rows = [re.sub("<[^>]+>", " ", row).split() for row in page.partition("<tbody>")[2].split("</tr>")[:-1]]
    assert [" ".join(row[3:]) for row in rows] == [
        f"curve 40 41 alice command {Command.objects.get().pk}",
        "mode 1 4 at the pump -",
    ]

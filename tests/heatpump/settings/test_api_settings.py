"""Reading settings, asking for changes, and what becomes of them, over the paths of the API."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from heatpump.models import Command
from tests.heatpump.scripted import DEVICE, HELD, Clock, ScriptedPump, new_pump
from tests.heatpump.settings.asking import PUMP, SETTINGS, SettingsApi
from tests.homelab_site.access.issuer import HouseIssuer


def test_the_settings_of_a_pump_are_what_it_confirmed(pump: ScriptedPump, asking: SettingsApi) -> None:
    assert asking.get().json() == {
        "device_id": DEVICE,
        **HELD,
        "pending": [],
        "updated_at": "2026-11-01T12:00:00.350000Z",
    }


def test_the_settings_of_all_pumps_are_in_the_order_of_their_ids(
    pump: ScriptedPump, clock: Clock, asking: SettingsApi
) -> None:
    new_pump(clock, "cellar").ask(curve=41)
    listed = asking.get(SETTINGS).json()["settings"]
    assert [settings["device_id"] for settings in listed] == ["cellar", DEVICE]
    assert listed[0]["pending"] == ["curve"]
    assert all(settings.keys() == {"device_id", *HELD, "pending", "updated_at"} for settings in listed)


def test_there_are_no_settings_before_the_first_reading(asking: SettingsApi, db: None) -> None:
    assert asking.get(SETTINGS).json() == {"settings": []}
    assert asking.get().status_code == asking.patch({"curve": 41}).status_code == 404
    assert asking.get(f"{PUMP}/outbox").json() == {"data": []}
    assert asking.get(f"{SETTINGS}/outbox/1").status_code == 404


def test_a_setting_that_the_pump_has_not_shown_is_null(clock: Clock, asking: SettingsApi, db: None) -> None:
    pump = ScriptedPump(clock, registers={"mode": 1})
    pump.read()
    assert asking.get().json()["curve"] is None


def test_a_change_is_under_way_until_the_pump_confirms_it(pump: ScriptedPump, asking: SettingsApi) -> None:
    answer = asking.accepted({"indoor_target_temp": 22, "mode": None})
    assert answer["indoor_target_temp"] == 22
    assert (answer["pending"], answer["outbox_status"]) == (["indoor_target_temp"], "pending")
    assert asking.get().json() == answer
    pump.publish()
    assert asking.get().json() == {**answer, "outbox_status": "published"}
    pump.read()
    confirmed = asking.get().json()
    assert (confirmed["indoor_target_temp"], confirmed["pending"]) == (22, [])
    assert not {"outbox_id", "outbox_status"} & confirmed.keys()


def test_a_command_says_what_has_become_of_it(pump: ScriptedPump, asking: SettingsApi) -> None:
    command_id = asking.accepted({"curve_plus_5": -3, "mode": None})["outbox_id"]
    path = f"{SETTINGS}/outbox/{command_id}"
    pending = asking.get(path).json()
    assert pending == {
        "id": command_id,
        "aggregate_type": "heatpump_setting",
        "aggregate_id": DEVICE,
        "event_type": "setting_update",
        "payload": {"curve_plus_5": -3},
        "status": "pending",
        "created_at": "2026-11-01T12:00:30.300000Z",
        "published_at": None,
        "confirmed_at": None,
        "error_message": None,
        "reason": None,
        "retry_count": 0,
        "max_retries": 3,
        "requested_by": "alice",
    }
    pump.publish()
    pump.read()
    confirmed = {"published_at": "2026-11-01T12:00:30.310000Z", "confirmed_at": "2026-11-01T12:00:30.360000Z"}
    assert asking.get(path).json() == {**pending, **confirmed, "status": "confirmed"}


def test_a_superseded_command_shows_as_failed_and_says_why(pump: ScriptedPump, asking: SettingsApi) -> None:
    older, newer = (asking.accepted({"curve": value})["outbox_id"] for value in (41, 42))
    answer = asking.get(f"{SETTINGS}/outbox/{older}").json()
    assert (answer["status"], answer["reason"]) == ("failed", "superseded")
    assert answer["error_message"] == f"curve: command {newer} is newer."


def test_the_newest_ten_commands_come_newest_first(pump: ScriptedPump, asking: SettingsApi) -> None:
    made = [asking.accepted({"curve": 60 + n})["outbox_id"] for n in range(12)]
    listed = [command["id"] for command in asking.get(f"{PUMP}/outbox").json()["data"]]
    assert listed == made[:1:-1]


def test_what_the_pump_confirmed_already_is_answered_as_confirmed(pump: ScriptedPump, asking: SettingsApi) -> None:
    answer = asking.accepted({"mode": HELD["mode"]})
    assert (answer["pending"], answer["outbox_status"]) == ([], "confirmed")


def test_a_whole_number_may_be_written_with_decimals(pump: ScriptedPump, asking: SettingsApi) -> None:
    answer = asking.accepted('{"curve": 41.0, "heatstop": 1.8e1, "curve_zero": -0.0}')
    assert (answer["curve"], answer["heatstop"], answer["curve_zero"]) == (41, 18, 0)


def test_the_same_key_gives_the_same_command(pump: ScriptedPump, asking: SettingsApi) -> None:
    first = asking.accepted({"curve": 41}, **{"Idempotency-Key": "k1"})
    again = asking.accepted({"curve": 41, "mode": None}, **{"Idempotency-Key": "k1"})
    assert again == first
    assert Command.objects.count() == 1
    pump.publish()
    pump.read()
    late = asking.accepted({"curve": 41}, **{"Idempotency-Key": "k1"})
    assert (late["outbox_id"], late["outbox_status"]) == (first["outbox_id"], "confirmed")


def test_the_same_key_with_another_change_is_refused(pump: ScriptedPump, asking: SettingsApi) -> None:
    asking.accepted({"curve": 41}, **{"Idempotency-Key": "k1"})
    response = asking.patch({"curve": 42}, headers={"Idempotency-Key": "k1"})
    assert (response.status_code, response.json()["code"]) == (422, "key_used")
    assert Command.objects.count() == 1


def test_a_key_is_its_owner_s_and_the_pump_s(pump: ScriptedPump, clock: Clock, asking: SettingsApi) -> None:
    new_pump(clock, "cellar")
    pump.ask(by="bob", curve=41)
    Command.objects.update(idempotency_key="k1")
    for path in (PUMP, f"{SETTINGS}/cellar"):
        assert asking.patch({"curve": 42}, path, {"Idempotency-Key": "k1"}).status_code == 202
    assert Command.objects.count() == 3


@pytest.mark.parametrize("key", ["", "two words", "é", "k" * 256])
def test_a_key_that_is_none_is_refused(pump: ScriptedPump, asking: SettingsApi, key: str) -> None:
    response = asking.patch({"curve": 41}, headers={"Idempotency-Key": key})
    assert response.status_code == 400
    assert response.json()["details"].keys() == {"Idempotency-Key"}
    assert not Command.objects.exists()


def test_a_change_from_settings_that_are_still_the_same_is_made(pump: ScriptedPump, asking: SettingsApi) -> None:
    etag = asking.get().headers["ETag"]
    for tags in (etag, f"W/{etag}", f'"other", {etag}'):
        asking.accepted({"curve": HELD["curve"]}, **{"If-Match": tags})
        etag = asking.get().headers["ETag"]
    asking.accepted({"curve": 41}, **{"If-Match": "*"})


def test_a_change_from_settings_that_have_changed_is_refused(pump: ScriptedPump, asking: SettingsApi) -> None:
    etag = asking.get().headers["ETag"]
    answer = asking.patch({"curve": 41}, headers={"If-Match": etag})
    assert answer.headers["ETag"] == asking.get().headers["ETag"] != etag
    for stale in (etag, '"other"', "nonsense"):
        response = asking.patch({"curve": 42}, headers={"If-Match": stale})
        assert (response.status_code, response.json()["code"]) == (412, "settings_changed")
    assert Command.objects.count() == 1


def test_a_change_at_the_pump_changes_the_etag(pump: ScriptedPump, asking: SettingsApi) -> None:
    before = asking.get().headers["ETag"]
    pump.read()
    assert asking.get(**{"If-None-Match": before}).status_code == 304
    pump.read(mode=2)
    assert asking.patch({"mode": 3}, headers={"If-Match": before}).status_code == 412


def test_a_retry_of_a_change_is_not_taken_for_another_by_its_etag(pump: ScriptedPump, asking: SettingsApi) -> None:
    headers = {"If-Match": asking.get().headers["ETag"], "Idempotency-Key": "k1"}
    first = asking.accepted({"curve": 41}, **headers)
    assert asking.accepted({"curve": 41}, **headers) == first


def test_reading_and_changing_need_scopes_of_their_own(
    pump: ScriptedPump, asking: SettingsApi, issuer: HouseIssuer
) -> None:
    def may(scope: str) -> tuple[bool, bool]:
        other = SettingsApi(issuer.token(scope=scope), Client())
        return other.get().status_code == 200, other.patch({"curve": 41}).status_code == 202

    assert may("read:settings") == (True, False)
    assert may("write:settings") == (False, True)
    assert may("read:heatpump") == (False, False)


def test_who_asked_is_the_token_s_name_or_else_its_identity(
    pump: ScriptedPump, asking: SettingsApi, issuer: HouseIssuer
) -> None:
    nameless = SettingsApi(issuer.token(scope="write:settings", sub="s1"), Client())
    assert nameless.patch({"curve": 41}).status_code == 202
    assert Command.objects.get().requested_by == "s1"


def test_a_session_changes_settings_with_a_csrf_token_only(pump: ScriptedPump) -> None:
    admin = User.objects.create_superuser("carol", password="carol-s-secret")
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert client.patch(PUMP, '{"curve": 41}', content_type="application/json").status_code == 403
    token = client.get("/admin/password_change/").cookies[settings.CSRF_COOKIE_NAME].value
    response = client.patch(PUMP, '{"curve": 41}', content_type="application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 202
    assert Command.objects.get().requested_by == "carol"


@pytest.mark.parametrize("path", [SETTINGS, PUMP, f"{PUMP}/outbox", f"{SETTINGS}/outbox/1"])
def test_no_other_path_or_method_changes_anything(asking: SettingsApi, path: str) -> None:
    for method in {"post", "put", "patch", "delete"} - ({"patch"} if path == PUMP else set()):
        response = getattr(asking.client, method)(path, headers={"Authorization": f"Bearer {asking.token}"})
        assert response.status_code == 405, method


def test_the_time_of_the_settings_is_that_of_their_last_change(
    pump: ScriptedPump, clock: Clock, asking: SettingsApi
) -> None:
    pump.read()
    assert asking.get().json()["updated_at"] == "2026-11-01T12:00:00.350000Z"
    clock.now += timedelta(seconds=1)
    pump.read(mode=2)
    assert asking.get().json()["updated_at"] == "2026-11-01T12:00:31.350000Z"

"""Every bad change is refused as a whole, names the setting, and leaves nothing behind."""

import json
from collections.abc import Iterator

import pytest

from bridge.devices.thermiq_registers import SETTINGS
from heatpump.models import Command, Write
from tests.heatpump.scripted import Clock, ScriptedPump
from tests.heatpump.settings.asking import SettingsApi

NO_NUMBERS = ("true", "false", "NaN", "Infinity", "-Infinity", "1e999", '"21"', '""', "[21]", "{}", "20.5")


def bad_changes() -> Iterator[tuple[str, str]]:
    """Yield the name of each setting with a JSON text of a value that it does not take."""
    for setting in SETTINGS:
        outside = (setting.minimum - 1, setting.maximum + 1, -(10**30), 10**30, setting.maximum + 0.5)
        for value in (*map(json.dumps, outside), *NO_NUMBERS):
            yield setting.name, value


@pytest.fixture
def nothing_is_left(pump: ScriptedPump) -> Iterator[None]:
    before = pump.row.updated_at
    yield
    assert not Command.objects.exists()
    assert not Write.objects.exists()
    assert not pump.row.settings.exclude(wanted=None).exists()
    assert pump.row.updated_at == before


@pytest.mark.usefixtures("nothing_is_left")
def test_no_setting_takes_what_it_does_not_allow(asking: SettingsApi) -> None:
    changes = list(bad_changes())
    assert len(changes) == len(SETTINGS) * (5 + len(NO_NUMBERS))
    for name, value in changes:
        response = asking.patch(f'{{"{name}": {value}}}')
        assert response.status_code == 400, (name, value)
        body = response.json()
        assert body["details"].keys() == {name}, (name, value)
        assert name in body["error"]
        assert body["message"] == body["error"]


@pytest.mark.usefixtures("nothing_is_left")
def test_a_good_setting_beside_a_bad_one_is_not_changed(asking: SettingsApi) -> None:
    response = asking.patch({"curve": 41, "mode": 9, "heatstop": -1})
    assert response.status_code == 400
    assert response.json()["details"] == {
        "mode": ["It must be from 0 to 4."],
        "heatstop": ["It must be from 0 to 200."],
    }


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("name", ["brew", "Mode", "device_id", "outbox_id", "", "\0", "é"])
def test_an_unknown_setting_is_named(asking: SettingsApi, name: str) -> None:
    response = asking.patch({"curve": 41, name: None})
    assert (response.status_code, response.json()["code"]) == (400, "unknown")
    assert response.json()["details"].keys() == {name}


@pytest.mark.usefixtures("nothing_is_left")
def test_half_a_surrogate_pair_is_no_setting(asking: SettingsApi) -> None:
    assert asking.patch('{"\\ud800": 1}').status_code == 400


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("body", ["{}", "", json.dumps(dict.fromkeys(setting.name for setting in SETTINGS))])
def test_a_change_that_asks_for_nothing_is_refused(asking: SettingsApi, body: str) -> None:
    response = asking.patch(body)
    assert (response.status_code, response.json()["code"]) == (400, "nothing_asked")


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize("body", ["[]", "null", "21", '"curve"', "{", "[" * 50_000, '{"curve": 041}'])
def test_what_is_no_object_is_refused(asking: SettingsApi, body: str) -> None:
    response = asking.patch(body)
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


@pytest.mark.usefixtures("nothing_is_left")
def test_a_setting_that_comes_twice_is_refused(asking: SettingsApi) -> None:
    response = asking.patch('{"mode": 2, "curve": 41, "curve": 42}')
    assert (response.status_code, response.json()["code"]) == (400, "repeated")
    assert response.json()["details"].keys() == {"curve"}


@pytest.mark.usefixtures("nothing_is_left")
def test_a_body_of_another_kind_is_refused(asking: SettingsApi) -> None:
    response = asking.client.patch(
        "/api/v1/heatpump/settings/thermiq_heatpump",
        "curve=41",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {asking.token}"},
    )
    assert response.status_code == 415


@pytest.mark.usefixtures("nothing_is_left")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"curve_min": 46}, {"curve_min"}),
        ({"curve_max": 19}, {"curve_max"}),
        ({"curve_min": 50, "curve_max": 49}, {"curve_min", "curve_max"}),
    ],
)
def test_a_curve_whose_minimum_is_above_its_maximum_is_refused(
    asking: SettingsApi, change: dict[str, int], named: set[str]
) -> None:
    response = asking.patch(change)
    assert (response.status_code, response.json()["code"]) == (400, "curve")
    assert response.json()["details"].keys() == named


def test_the_curve_counts_with_what_is_wanted_already(pump: ScriptedPump, asking: SettingsApi) -> None:
    asking.accepted({"curve_max": 60})
    asking.accepted({"curve_min": 50})
    assert asking.patch({"curve_max": 49}).status_code == 400


def test_both_ends_of_every_range_are_allowed(pump: ScriptedPump, clock: Clock, asking: SettingsApi) -> None:
    for end in ("minimum", "maximum"):
        values = {setting.name: getattr(setting, end) for setting in SETTINGS}
        asking.accepted(values)
        assert dict(pump.publish()) == values
        pump.read()
        assert asking.get().json()["pending"] == []

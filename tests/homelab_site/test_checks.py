from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.checks import CheckMessage, run_checks
from django.core.management import CommandError

from homelab_site.checks import SERVICES
from homelab_site.requirements import require_services


def ids(messages: Sequence[CheckMessage]) -> set[str | None]:
    return {message.id for message in messages if message.id and message.id.startswith("homelab.")}


def found(*, deploy: bool = False) -> set[str | None]:
    messages = run_checks(databases=["default"], include_deployment_checks=deploy)
    assert all(message.hint for message in messages if message.id in ids(messages))
    return ids(messages)


def test_nothing_is_wrong_with_the_settings_of_the_tests() -> None:
    assert found(deploy=True) == set()


@pytest.mark.parametrize("name", SERVICES)
def test_e001_a_service_is_not_named(settings: Any, name: str) -> None:
    setattr(settings, name, type(getattr(settings, name))())
    (error,) = [message for message in run_checks(databases=["default"]) if message.id == "homelab.E001"]
    assert error.msg.startswith(f"{name} is not set")
    assert SERVICES[name] in (error.hint or "")


def test_services_matter_only_where_a_database_does(settings: Any) -> None:
    settings.DATABASE_URL = ""
    assert ids(run_checks()) == set()


def test_e002_there_is_no_secret_key(settings: Any) -> None:
    settings.SECRET_KEY = ""
    assert found(deploy=True) == {"homelab.E002"}
    assert found() == set()


def test_e003_a_client_of_the_identity_provider_is_set_up_in_part(settings: Any) -> None:
    settings.OIDC_RP_CLIENT_ID = "homelab"
    assert found() == {"homelab.E003"}


def test_w002_nobody_can_log_in(settings: Any) -> None:
    settings.LOCAL_LOGIN = False
    assert found() == {"homelab.W002"}
    settings.OIDC_LOGIN = True
    assert found() == set()


def test_w001_the_sink_owns_the_database(settings: Any) -> None:
    settings.TELEMETRY_SINK_URL = settings.TELEMETRY_OWNER_URL
    assert found() == {"homelab.W001"}


def test_one_login_for_everything_is_a_choice(settings: Any) -> None:
    settings.TELEMETRY_DATABASE_URL = settings.TELEMETRY_SINK_URL = settings.TELEMETRY_OWNER_URL
    assert found() == set()


def test_a_command_that_needs_no_missing_service_runs(settings: Any) -> None:
    settings.MQTT_URL = ""
    require_services("KAFKA_BROKERS", "REDIS_URL")


@pytest.mark.parametrize(
    ("needed", "sentence"),
    [
        (("MQTT_URL",), "MQTT_URL is not set"),
        ((), "KAFKA_BROKERS, MQTT_URL are not set"),
    ],
)
def test_a_command_that_needs_a_missing_service_is_refused(
    settings: Any, needed: tuple[str, ...], sentence: str
) -> None:
    settings.MQTT_URL, settings.KAFKA_BROKERS = "", []
    with pytest.raises(CommandError, match=sentence) as raised:
        require_services(*needed)
    assert str(site_settings.DATA_DIR) in str(raised.value)

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from homelab_site.stack.child import free_port
from homelab_site.workers.registry import WORKERS
from telemetry.schema.runner import Connection
from tests.away import everything_at
from tests.telemetry.status.conftest import beat, store

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("pipeline_status", *arguments, stdout=out)
    return out.getvalue()


def run_json() -> Any:
    return json.loads(run("--json"))


def keys(value: object) -> object:
    """Return the shape of JSON: its members, without their values."""
    return {key: keys(member) for key, member in value.items()} if isinstance(value, dict) else None


def test_the_json_has_the_same_members_whatever_is_away(telemetry: Connection) -> None:
    stream = dict.fromkeys(("state", "newest", "age_seconds", "late_after_seconds", "rows_last_hour", "lag"))
    worker = dict.fromkeys(("state", "since", "seen", "host"))
    commands = dict.fromkeys(
        ("unsent", "oldest_unsent_seconds", "unconfirmed", "oldest_unconfirmed_seconds", "failed_last_day")
    )
    shape = {
        "at": None,
        "streams": {"energy": stream, "heatpump": stream, "temperature": stream},
        "dead_letters": {"total": None, "last_hour": None},
        "commands": commands,
        "workers": dict.fromkeys(WORKERS, worker),
    }
    beat("sink")
    assert keys(run_json()) == {**shape, "commands": {**commands, "failed_last_day": {}}, "unavailable": {}}
    with everything_at(free_port()):
        sources = dict.fromkeys(("telemetry_database", "kafka", "homelab_database", "valkey"))
        assert keys(run_json()) == {**shape, "unavailable": sources}


def test_the_json_gives_times_in_utc_and_numbers_as_numbers(telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "12 minutes")
    energy = run_json()["streams"]["energy"]
    assert energy["state"] == "late"
    assert energy["newest"].endswith("Z")
    assert energy["age_seconds"] == pytest.approx(720, abs=5)
    assert energy["rows_last_hour"] == 1


def test_the_table_is_for_people(telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "12 minutes")
    for name in WORKERS.keys() - {"sink"}:
        beat(name)
    table = run()
    assert table.startswith("2 things need a look (")
    assert "!!  Electricity   late         newest reading 12 min ago, 1 in the last hour" in table
    assert "ok  Bridge        running      takes readings from MQTT to Kafka" in table
    assert "!!  Sink          not running" in table


def test_what_is_away_is_unknown_with_the_reason() -> None:
    with everything_at(free_port()):
        table = run()
    assert "The telemetry database: cannot be asked: OperationalError." in table
    assert "--  Electricity   unknown" in table


def test_services_that_nothing_names_are_asked_for(settings: Any) -> None:
    settings.KAFKA_BROKERS = []
    with pytest.raises(CommandError, match=r"KAFKA_BROKERS is not set\. Start one with `make run`"):
        run()

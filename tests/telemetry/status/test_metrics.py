import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from heatpump.outbox.models import Command, Reason, Status
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.services import change_settings
from homelab_site.stack.child import free_port
from telemetry.schema.runner import Connection
from tests.away import everything_at
from tests.telemetry.deadletters.letters import FROM_KAFKA, kept
from tests.telemetry.status.conftest import beat, store

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)


def scrape(client: Client) -> dict[tuple[str, str], float]:
    """Return the samples by name and the value of their first label."""
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["Content-Type"][:10]) == (200, "text/plain")
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_a_scrape_tells_how_the_pipeline_is_now(client: Client, telemetry: Connection) -> None:
    store(telemetry, "energy_consumption", "40 minutes", "30 minutes")
    kept(FROM_KAFKA)
    beat("sink")
    samples = scrape(client)
    assert samples["homelab_stream_newest_age_seconds", "energy"] == pytest.approx(1800, abs=5)
    assert samples["homelab_stream_rows_last_hour", "energy"] == 2
    assert samples["homelab_stream_lag_messages", "heatpump"] >= 0
    assert samples["homelab_dead_letters_kept", ""] == 1
    assert samples["homelab_dead_letters_last_hour", ""] == 1
    assert (samples["homelab_worker_alive", "sink"], samples["homelab_worker_alive", "bridge"]) == (1, 0)
    assert samples["process_start_time_seconds", ""] > 0


def test_a_stream_without_readings_has_no_age(client: Client, telemetry: Connection) -> None:
    samples = scrape(client)
    assert ("homelab_stream_newest_age_seconds", "energy") not in samples
    assert samples["homelab_stream_rows_last_hour", "energy"] == 0


def test_what_cannot_be_asked_has_no_sample_and_the_scrape_says_so(client: Client) -> None:
    with everything_at(free_port()):
        samples = scrape(client)
    assert {value for (name, _), value in samples.items() if name == "homelab_pipeline_source_up"} == {0}
    missing = ("homelab_stream", "homelab_dead_letters", "homelab_commands", "homelab_worker_alive")
    assert not [name for name, _ in samples if name.startswith(missing)]
    assert samples["process_start_time_seconds", ""] > 0


def test_a_scrape_tells_of_commands_under_way_and_of_failures_by_reason(client: Client, telemetry: Connection) -> None:
    now = timezone.now()
    confirm_from_reading(Echo(device_id="cellar", ts=now, received_at=now, values={"heatstop": 17, "curve": 40}), now)
    change_settings("cellar", {"heatstop": 18}, requested_by="alice")
    failed = change_settings("cellar", {"curve": 41}, requested_by="alice")
    Command.objects.filter(pk=failed.pk).update(status=Status.FAILED, reason=Reason.NO_ECHO, failed_at=now)
    samples = scrape(client)
    assert samples["homelab_commands_under_way", "sending"] == 1
    assert samples["homelab_commands_under_way", "echo"] == 0
    assert samples["homelab_commands_oldest_age_seconds", "sending"] >= 0
    assert ("homelab_commands_oldest_age_seconds", "echo") not in samples
    assert samples["homelab_commands_failed_last_day", "no_echo"] == 1
    assert samples["homelab_commands_failed_last_day", "other_value"] == 0

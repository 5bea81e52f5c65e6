"""Fixtures that every test can use. The services themselves are started in `tests.services`."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import hypothesis
import psycopg2
import pytest
from django.conf import settings as site_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command

from homelab_site.stack.services import Postgres
from tests.pipeline import Pipeline

# A machine that is busy is no failure, and a failure in CI is one that happens again.
hypothesis.settings.register_profile(
    "homelab",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("homelab")

# As many rounds as Django makes take a third of a second for each person that a test makes. A hash says how many
# it took, so the servers of the tests, which know nothing of this, believe it.
PBKDF2PasswordHasher.iterations = 1_000

# A job in the background of a shell ignores Ctrl-C, which all that the tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

WHOLE = Path(__file__).parent / "whole"
NAME_LENGTH = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that no process of the run has to wait for it at the end.

    Raises UsageError where tests share an id: of those a run in several processes leaves out all but one.
    """
    if twice := [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]:
        raise pytest.UsageError(f"several tests are called {twice}")
    items.sort(key=lambda item: WHOLE not in item.path.parents)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Call a case by the beginning of a text that is long; its name is in the environment of all that it starts."""
    if isinstance(val, str | bytes) and len(val) > NAME_LENGTH:
        return f"{val[:NAME_LENGTH]!a} and so on, {len(val)} in all"
    return None


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> None:
    """Migrate the run's own databases; nothing is copied, since no other run sees them."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined] # pytest-django does not export its type
        call_command("prepare_stack")


@pytest.fixture
def telemetry(django_db_setup: None) -> Iterator[psycopg2.extensions.connection]:
    """An owner's connection to the telemetry database, whose tables are empty."""
    with closing(psycopg2.connect(site_settings.TELEMETRY_OWNER_URL)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE energy_consumption, heatpump_status, temperature_sensors, rollup_marks, counter_quarters,"
                " counter_days, power_quarters, heatpump_hours, temperature_hours, temperature_places"
            )
        yield connection


@pytest.fixture
def pipeline(
    tmp_path: Path, postgres: Postgres, telemetry: psycopg2.extensions.connection, transactional_db: None
) -> Iterator[Pipeline]:
    """Kafka and MQTT brokers of the test's own, the workers as processes, and empty tables."""
    made = Pipeline(tmp_path, postgres.environment())
    try:
        made.start()
        yield made
    finally:
        made.stop()

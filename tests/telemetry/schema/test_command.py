from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from telemetry.schema.files import read_migrations
from telemetry.schema.runner import Connection
from tests.telemetry.schema.conftest import Write


@pytest.fixture(autouse=True)
def labels(settings: Settings, database_url: str) -> list[str]:
    """Use the database of the test, and return what there is to apply."""
    settings.TELEMETRY_OWNER_URL = database_url
    return [migration.label for migration in read_migrations(settings.TELEMETRY_MIGRATIONS_DIR)]


def run(*arguments: str) -> list[str]:
    printed = StringIO()
    call_command("migrate_telemetry", *arguments, stdout=printed)
    return printed.getvalue().splitlines()


def test_it_says_what_it_applied(labels: list[str]) -> None:
    assert run() == [f"applied {label}" for label in labels]
    assert run() == ["applied nothing"]


def test_a_plan_says_what_would_be_applied_and_applies_nothing(labels: list[str], database: Connection) -> None:
    assert run("--plan") == [f"would apply {label}" for label in labels]
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchone() == (0,)


def test_a_plan_with_everything_applied_is_empty() -> None:
    run()
    assert run("--plan") == ["would apply nothing"]


@pytest.mark.parametrize("arguments", [[], ["--plan"]])
def test_a_bad_file_is_a_sentence(settings: Settings, directory: Path, write: Write, arguments: list[str]) -> None:
    settings.TELEMETRY_MIGRATIONS_DIR = directory
    write(3, "late", "")
    with pytest.raises(CommandError, match=r"002 is missing before 003_late\.sql"):
        run(*arguments)


@pytest.mark.parametrize("arguments", [[], ["--plan"]])
def test_a_database_that_is_away_is_a_sentence(settings: Settings, arguments: list[str]) -> None:
    settings.TELEMETRY_OWNER_URL = "postgresql://owner:hidden@127.0.0.1:1/telemetry"
    with pytest.raises(CommandError, match=r"The telemetry database cannot be used: .*Connection refused") as caught:
        run(*arguments)
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_nothing_names_is_a_sentence(settings: Settings) -> None:
    settings.TELEMETRY_OWNER_URL = settings.TELEMETRY_DATABASE_URL = ""
    with pytest.raises(CommandError, match="TELEMETRY_DATABASE_URL is not set"):
        run()

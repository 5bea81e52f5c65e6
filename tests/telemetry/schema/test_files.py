from pathlib import Path

import pytest
from django.conf import settings

from telemetry.schema.files import MigrationError, read_migrations
from tests.telemetry.schema.conftest import Write


def test_the_migrations_of_the_house_are_in_order() -> None:
    labels = [migration.label for migration in read_migrations(settings.TELEMETRY_MIGRATIONS_DIR)]
    assert labels[:2] == ["001_bookkeeping", "002_roles"]


def test_files_come_in_the_order_of_their_numbers(directory: Path, write: Write) -> None:
    write(3, "after", "")
    write(2, "before", "")
    assert [migration.label for migration in read_migrations(directory)] == [
        "001_bookkeeping",
        "002_before",
        "003_after",
    ]


def test_other_files_are_left_alone(directory: Path) -> None:
    (directory / "kustomization.yaml").write_text("kind: Kustomization")
    assert len(read_migrations(directory)) == 1


def test_a_gap_is_refused(directory: Path, write: Write) -> None:
    write(3, "late", "")
    with pytest.raises(MigrationError, match=r"002 is missing before 003_late\.sql"):
        read_migrations(directory)


def test_a_number_given_twice_is_refused(directory: Path, write: Write) -> None:
    write(2, "one", "")
    write(2, "two", "")
    with pytest.raises(MigrationError, match=r"002_one\.sql and 002_two\.sql have the same number"):
        read_migrations(directory)


@pytest.mark.parametrize("name", ["2_short.sql", "002.sql", "002_Capital.sql", "002_dash-ed.sql", "readme.sql"])
def test_a_name_of_another_form_is_refused(directory: Path, name: str) -> None:
    (directory / name).write_text("")
    with pytest.raises(MigrationError, match="is no name of a migration"):
        read_migrations(directory)


@pytest.mark.parametrize(
    "header", ["", "-- Migration: 002_other\n-- Description: x\n", "-- Migration: 002_new\n", "-- Description: x\n"]
)
def test_a_file_without_its_header_is_refused(directory: Path, header: str) -> None:
    record = "\nINSERT INTO schema_migrations (version, name) VALUES (2, 'new');"
    (directory / "002_new.sql").write_text(header + record)
    with pytest.raises(MigrationError, match=r"002_new\.sql has no header"):
        read_migrations(directory)


@pytest.mark.parametrize(
    "end",
    [
        "",
        "INSERT INTO schema_migrations (version, name) VALUES (3, 'new');",
        "INSERT INTO schema_migrations (version, name) VALUES (2, 'old');",
        "-- INSERT INTO schema_migrations (version, name) VALUES (2, 'new');",
        "INSERT INTO schema_migrations (version, name) VALUES (2, 'new'); SELECT 1;",
    ],
)
def test_a_file_that_does_not_end_by_recording_itself_is_refused(directory: Path, end: str) -> None:
    (directory / "002_new.sql").write_text(f"-- Migration: 002_new\n-- Description: x\n{end}\n")
    with pytest.raises(MigrationError, match=r"002_new\.sql does not record itself"):
        read_migrations(directory)


@pytest.mark.parametrize(
    "control", ["BEGIN;", "SELECT 1; COMMIT;", "commit;", "  ROLLBACK ;", "START TRANSACTION;", "COMMIT AND CHAIN;"]
)
def test_a_file_that_ends_its_transaction_is_refused(directory: Path, write: Write, control: str) -> None:
    write(2, "new", f"CREATE TABLE one ();\n{control}\nCREATE TABLE two ();")
    with pytest.raises(MigrationError, match="a file runs in one transaction"):
        read_migrations(directory)


def test_the_block_of_a_function_is_no_transaction(directory: Path, write: Write) -> None:
    write(2, "new", "DO $$\nBEGIN\n    PERFORM 1;\nEND\n$$;")
    assert len(read_migrations(directory)) == 2


def test_a_file_that_is_not_utf_8_is_refused(directory: Path) -> None:
    (directory / "002_new.sql").write_bytes(b"\xff")
    with pytest.raises(MigrationError, match=r"002_new\.sql cannot be read as UTF-8"):
        read_migrations(directory)


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_a_directory_without_migrations_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MigrationError, match="holds no migrations; set TELEMETRY_MIGRATIONS_DIR"):
        read_migrations(tmp_path / name)

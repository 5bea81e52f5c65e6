"""A restore that would not give back what was backed up is refused, and changes nothing."""

from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError

from homelab_site.backups.archive import check
from homelab_site.backups.description import decode
from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import find_program
from tests.homelab_site.backups.conftest import Bucket, House


@pytest.fixture
def backup(house: House, tmp_path: Path) -> Path:
    """The archive of a backup in a directory of its own."""
    name = house.run("backup_database", "--to", str(tmp_path / "to")).split()[1].strip(":")
    return tmp_path / "to" / name


def describe(backup: Path, **contents: object) -> None:
    """Write down other contents of a backup."""
    path = backup.with_suffix(".json")
    description = decode(path.name, path.read_bytes())
    changed = msgspec.structs.replace(description.contents, **contents)
    path.write_bytes(msgspec.structs.replace(description, contents=changed).encode())


def refusal(house: House, backup: Path) -> str:
    """Ask for a restore and return why it is refused; the database is as it was."""
    with pytest.raises(CommandError) as refused:
        house.run("restore_database", "--from", str(backup.parent), "--replace")
    assert house.ask("SELECT count(*) FROM energy_consumption") == [(1_000,)]
    assert house.ask("SELECT count(*) FROM pg_database WHERE starts_with(datname, current_database())") == [(1,)]
    return str(refused.value)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_an_archive_with_a_changed_byte_is_refused(house: House, backup: Path, share: float) -> None:
    content = bytearray(backup.read_bytes())
    content[int(len(content) * share)] ^= 0xFF
    backup.write_bytes(content)
    assert "cannot be restored" in (said := refusal(house, backup)) or "has another checksum" in said


def test_an_archive_that_was_cut_off_is_refused(house: House, backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-2_000])
    assert refusal(house, backup).startswith("The archive cannot be restored: ")


def test_a_check_reads_more_than_the_table_of_contents(backup: Path) -> None:
    """`pg_restore --list` would be content with this one."""
    program = find_program("pg_restore", 18)
    backup.write_bytes(backup.read_bytes()[:-2_000])
    with backup.open("rb") as archive, pytest.raises(BackupError, match="end of file"):
        check(program, archive)


def test_an_object_that_was_changed_fails_the_drill(house: House, bucket: Bucket) -> None:
    house.run("backup_database", "--to", bucket.url)
    archive = next(key for key in bucket.listed() if key.endswith(".dump"))
    bucket.overwrite(archive, b"not what was stored")
    with pytest.raises(CommandError, match="cannot be restored"):
        house.run("drill_restore", "--from", bucket.url)


def test_rows_that_are_missing_are_told_by_table(house: House, backup: Path) -> None:
    describe(backup, rows={"public.energy_consumption": 7})
    assert "public.energy_consumption 1000 instead of 7" in refusal(house, backup)


def test_a_dump_of_a_newer_server_is_refused(house: House, backup: Path) -> None:
    describe(backup, server="19.1")
    assert refusal(house, backup).endswith("is of PostgreSQL 19.1, and this server is 18; restore it on 19 or newer.")


def test_a_dump_with_an_extension_that_is_not_there_is_refused(house: House, backup: Path) -> None:
    describe(backup, extensions={"timescaledb": "2.18.0"})
    assert (
        refusal(house, backup)
        == "The dump needs the extension timescaledb 2.18.0, which this server lacks; install it."
    )


def test_a_dump_that_grants_to_roles_that_are_not_there_is_refused(house: House, backup: Path) -> None:
    describe(backup, roles=["telemetry_sink", "telemetry_painter"])
    assert refusal(house, backup).endswith("that this server lacks; first run CREATE ROLE telemetry_painter;")


def test_a_dump_of_a_newer_build_is_refused(house: House, backup: Path) -> None:
    describe(backup, migrations=["001_bookkeeping", "999_next_year"])
    assert "has migrations that this build does not know (999_next_year)" in refusal(house, backup)


def test_a_description_that_is_not_one_is_refused(house: House, backup: Path) -> None:
    backup.with_suffix(".json").write_text("{}")
    assert "is no description of a backup" in refusal(house, backup)


def test_an_archive_without_a_description_does_not_count(house: House, backup: Path) -> None:
    backup.with_suffix(".json").unlink()
    assert "has no whole backup of telemetry" in refusal(house, backup)


def test_a_backup_that_is_not_there_is_refused_with_those_that_are(house: House, backup: Path) -> None:
    with pytest.raises(CommandError, match=f"; it has {backup.name}\\.$"):
        house.run("restore_database", "--from", str(backup.parent), "--archive", "telemetry-once.dump")


def test_a_program_older_than_the_server_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(
        BackupError, match=r"^No pg_dump here is .* 99 or newer \(found: .*18\..*\); install postgresql-c"
    ):
        find_program("pg_dump", 99)


@pytest.mark.parametrize("place", ["s3://", "s3:///house", "s3://bucket?x=1"])
def test_a_place_without_a_bucket_is_refused(house: House, place: str) -> None:
    with pytest.raises(CommandError, match=r"names no bucket; write it like s3://BUCKET/PREFIX\.$"):
        house.run("backup_database", "--to", place)

"""A backup gives back what was backed up: to and from a directory and an S3 server."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from prometheus_client import generate_latest
from pytest_django import Settings

from homelab_site.backups.databases import url_of
from homelab_site.backups.description import decode
from homelab_site.backups.destination import destination_of
from homelab_site.backups.metrics import BACKUPS
from homelab_site.backups.models import Kind, Run
from homelab_site.stack.services import Postgres
from tests.homelab_site.backups.conftest import PASSWORD, House

ENERGY = "SELECT * FROM energy_hourly ORDER BY 1"
READINGS = "SELECT * FROM energy_consumption ORDER BY time"


def test_a_restored_database_has_the_rows_and_the_views_of_the_one_that_was_backed_up(house: House, place: str) -> None:
    before = house.ask(READINGS), house.ask(ENERGY)
    house.run("backup_database", "--to", place)
    house.ask("DELETE FROM energy_consumption")
    house.ask("DROP TABLE counter_quarters CASCADE")
    house.run("restore_database", "--from", place, "--replace")
    assert (house.ask(READINGS), house.ask(ENERGY)) == before


def test_what_a_restore_replaced_is_kept_under_another_name(house: House, tmp_path: Path) -> None:
    house.run("backup_database", "--to", str(tmp_path))
    house.ask("INSERT INTO energy_consumption (time, device_serial) VALUES (now(), 'cellar')")
    said = house.run("restore_database", "--from", str(tmp_path), "--replace")
    kept = House(house.url.replace(house.name, said.split()[-1]))
    query = "SELECT count(*) FROM energy_consumption WHERE device_serial = 'cellar'"
    assert (house.ask(query), kept.ask(query)) == ([(0,)], [(1,)])


def test_a_database_that_is_not_empty_is_left_alone_without_a_flag(house: House, tmp_path: Path) -> None:
    house.run("backup_database", "--to", str(tmp_path))
    with pytest.raises(CommandError, match=r"is not empty; to replace it and keep it aside, use --replace\.$"):
        house.run("restore_database", "--from", str(tmp_path))


def test_a_database_that_is_lost_is_made_anew(house: House, tmp_path: Path, postgres: Postgres) -> None:
    house.run("backup_database", "--to", str(tmp_path))
    House(postgres.url("postgres")).ask(f"DROP DATABASE {house.name}")
    said = house.run("restore_database", "--from", str(tmp_path))
    assert "kept" not in said
    assert house.ask("SELECT count(*) > 0 FROM energy_consumption") == [(True,)]


def test_an_older_backup_can_be_named(house: House, tmp_path: Path) -> None:
    older = house.run("backup_database", "--to", str(tmp_path)).split()[1].strip(":")
    house.ask("DELETE FROM energy_consumption")
    house.run("backup_database", "--to", str(tmp_path))
    house.run("restore_database", "--from", str(tmp_path), "--replace", "--archive", older)
    assert house.ask("SELECT count(*) > 0 FROM energy_consumption") == [(True,)]


def test_the_description_says_what_was_dumped_and_with_what(house: House, tmp_path: Path) -> None:
    house.run("backup_database", "--to", str(tmp_path))
    [path] = tmp_path.glob("*.json")
    described = decode(path.name, path.read_bytes())
    archive = tmp_path / described.archive
    assert archive.stat().st_size == described.size
    assert archive.stat().st_mode & 0o077 == 0
    assert described.contents.rows["public.energy_consumption"] == 1_000
    assert described.contents.migrations[0] == "001_bookkeeping"
    assert described.contents.roles == ["telemetry_reader", "telemetry_sink"]
    assert described.contents.server.split(".")[0] == described.pg_dump.split(".")[0]
    assert PASSWORD not in path.read_text()


def test_only_the_newest_are_kept(house: House, place: str) -> None:
    made = [house.run("backup_database", "--to", place, "--keep", "2").split()[1].strip(":") for _ in range(3)]
    kept = sorted(name for name in destination_of(place).names() if name.endswith(".dump"))
    assert kept == made[1:]
    assert len(destination_of(place).names()) == 4


def test_the_site_s_own_database_can_be_restored(tmp_path: Path, house: House, settings: Settings) -> None:
    call_command("backup_database", "homelab", "--to", str(tmp_path))
    settings.DATABASE_URL = house.url
    call_command("restore_database", "homelab", "--from", str(tmp_path), "--replace")
    assert house.ask("SELECT count(*) > 0 FROM django_migrations") == [(True,)]


def test_the_identity_provider_s_database_is_one_of_its_own(tmp_path: Path, house: House, settings: Settings) -> None:
    with pytest.raises(CommandError, match=r"^AUTHENTIK_DATABASE_URL is not set; "):
        call_command("backup_database", "authentik", "--to", str(tmp_path))
    settings.AUTHENTIK_DATABASE_URL = url_of("homelab")
    call_command("backup_database", "authentik", "--to", str(tmp_path))
    settings.AUTHENTIK_DATABASE_URL = house.url
    call_command("restore_database", "authentik", "--from", str(tmp_path), "--replace")
    assert house.ask("SELECT count(*) > 0 FROM django_migrations") == [(True,)]


def test_a_drill_restores_beside_the_database_and_leaves_nothing_of_it(house: House, place: str) -> None:
    house.run("backup_database", "--to", place)
    said = house.run("drill_restore", "--from", place)
    assert said.startswith("restored and dropped telemetry-")
    assert house.ask("SELECT count(*) FROM pg_database WHERE datname = current_database() || '_drill'") == [(0,)]
    assert house.ask("SELECT count(*) FROM energy_consumption") == [(1_000,)]


def test_metrics_tell_the_age_of_backups_and_how_drills_went(house: House, tmp_path: Path) -> None:
    house.run("backup_database", "--to", str(tmp_path))
    house.run("drill_restore", "--from", str(tmp_path))
    with pytest.raises(CommandError):
        call_command("drill_restore", "homelab", "--from", str(tmp_path))
    drilled = Run.objects.get(kind=Kind.DRILL, database="telemetry")
    assert drilled.taken_at
    lines = generate_latest(BACKUPS).decode().splitlines()
    told = {name: float(value) for name, value in (line.split() for line in lines if line[0] != "#")}
    assert told['homelab_restore_drill_success{database="telemetry"}'] == 1
    assert told['homelab_restore_drill_success{database="homelab"}'] == 0
    age = (drilled.ended_at - drilled.taken_at).total_seconds()
    assert told['homelab_restore_drill_backup_age_seconds{database="telemetry"}'] == age
    assert told['homelab_restore_drill_rows{database="telemetry"}'] == drilled.rows
    assert told['homelab_backup_taken_timestamp_seconds{database="telemetry"}'] == drilled.taken_at.timestamp()

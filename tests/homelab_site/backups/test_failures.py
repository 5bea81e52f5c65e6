"""Whatever goes wrong while a backup is made, nothing is left that looks whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError

from homelab_site.backups.archive import Dump, Readable
from homelab_site.backups.database import connect, execute, major_of
from homelab_site.backups.destination import PART_BYTES, destination_of
from homelab_site.backups.errors import BackupError
from homelab_site.backups.programs import find_program
from tests.homelab_site.backups.conftest import PASSWORD, Bucket, House
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
# What no compression makes smaller: more than a pipe and a chunk hold.
BALLAST = """
    CREATE TABLE ballast AS
    SELECT string_agg(sha256(n::text::bytea), '') AS noise FROM generate_series(1, 200000) AS n GROUP BY n / 100
"""


class Interrupted:
    """A stream that something happens to after its first MiB."""

    def __init__(self, source: Readable, event: Callable[[], object]) -> None:
        self._source = source
        self._event = event
        self._happened = False

    def read(self, size: int = -1, /) -> bytes:
        if self._happened:
            return self._source.read(size)
        data = self._source.read(1 << 20)
        self._happened = True
        self._event()
        return data + self._source.read(size - len(data))


def dump_of(house: House) -> Dump:
    with connect(house.url) as database:
        return Dump(find_program("pg_dump", major_of(database)), house.url)


def cut_off_pg_dump(house: House) -> None:
    house.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'pg_dump' AND datname = current_database()"
    )


def test_a_pg_dump_that_is_killed_half_way_leaves_nothing(house: House, place: str) -> None:
    house.ask(BALLAST)
    destination = destination_of(place)
    with dump_of(house) as dump, pytest.raises(BackupError, match=r"^pg_dump failed, .* \(exit status -9\)\.$"):
        destination.store("telemetry-half.dump", Interrupted(dump, dump.process.kill))
    assert left_in(place) == []


def test_a_server_that_goes_away_half_way_leaves_nothing(house: House, place: str) -> None:
    house.ask(BALLAST)
    with dump_of(house) as dump, pytest.raises(BackupError, match=r"message from server: .*\(exit status 1\)\.$"):
        destination_of(place).store("telemetry-half.dump", Interrupted(dump, lambda: cut_off_pg_dump(house)))
    assert left_in(place) == []


@pytest.mark.parametrize("error", [BackupError, SystemExit, KeyboardInterrupt])
def test_an_upload_of_several_parts_that_ends_early_is_aborted(bucket: Bucket, error: type[BaseException]) -> None:
    class Broken:
        parts = 0

        def read(self, size: int = -1, /) -> bytes:
            self.parts += 1
            if self.parts > 2:
                raise error
            return bytes(size)

    with pytest.raises(error):
        destination_of(bucket.url).store("telemetry-half.dump", Broken())
    assert (bucket.listed(), bucket.uploads()) == ([], [])


def test_an_upload_of_several_parts_comes_back_as_it_was(bucket: Bucket) -> None:
    content = os.urandom(2 * PART_BYTES + 1)
    destination = destination_of(bucket.url)
    destination.store("telemetry.dump", BytesIO(content))
    assert destination.read_bytes("telemetry.dump") == content
    assert destination.names() == ["telemetry.dump"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_command_that_is_killed_half_way_leaves_nothing_that_looks_whole(
    house: House, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    process = slow_backup(house, tmp_path)
    try:
        eventually(lambda: list((tmp_path / "to").glob(".*.partial")) or process.poll() is not None, 120)
        process.send_signal(number)
        assert process.wait(60) == status
    finally:
        process.kill()
        process.wait()
    assert destination_of(str(tmp_path / "to")).names() == []
    if number == signal.SIGTERM:
        assert list((tmp_path / "to").iterdir()) == []


def test_a_command_that_is_ended_just_as_it_makes_its_file_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = Path.touch

    def touch_and_end(path: Path, mode: int = 0o666, exist_ok: bool = True) -> None:
        touch(path, mode, exist_ok)
        sys.exit(143)

    monkeypatch.setattr(Path, "touch", touch_and_end)
    with pytest.raises(SystemExit):
        destination_of(str(tmp_path)).store("telemetry.dump", BytesIO(b"content"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_somebody_else_is_writing_stays(tmp_path: Path) -> None:
    theirs = tmp_path / ".telemetry.dump.partial"
    theirs.write_bytes(b"half of it")
    with pytest.raises(BackupError, match="File exists"):
        destination_of(str(tmp_path)).store("telemetry.dump", BytesIO(b"content"))
    assert theirs.read_bytes() == b"half of it"


@pytest.mark.skipif(sys.platform == "darwin", reason="only Linux lets a test have a small disk of its own")
def test_a_disk_that_fills_up_is_a_sentence_and_keeps_the_backups_that_are_there(house: House, tmp_path: Path) -> None:
    """The disk is real, has 1 MiB, and is mounted for this one command."""
    before, disk, after = (tmp_path / name for name in ("before", "disk", "after"))
    disk.mkdir()
    house.run("backup_database", "--to", str(before))
    house.ask(BALLAST)
    script = (
        'mount -t tmpfs -o size=1m none "$1" && cp -p "$2"/* "$1" || exit 99\n'
        'disk=$1 after=$3; shift 3; "$@"; status=$?; cp -rp "$disk" "$after" && exit $status'
    )
    places = [str(disk), str(before), str(after)]
    become_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--mount", *become_root, "sh", "-c", script, "sh", *places, *backup_command(disk)]
    done = subprocess.run(command, env=environment(house), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == f"CommandError: {disk} cannot be written: No space left on device."
    kept = {path.name: path.read_bytes() for path in after.iterdir()}
    assert kept == {path.name: path.read_bytes() for path in before.iterdir()}


def test_a_directory_that_cannot_be_is_a_sentence(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"file/to cannot be written: Not a directory\.$"):
        house.run("backup_database", "--to", str(tmp_path / "file" / "to"))


def test_a_bucket_that_is_not_there_is_a_sentence(house: House, bucket: Bucket) -> None:
    with pytest.raises(CommandError, match=r"^s3://nobody-s/house cannot be written: .*NoSuchBucket"):
        house.run("backup_database", "--to", "s3://nobody-s/house")


def test_an_empty_database_is_no_backup(house: House, tmp_path: Path) -> None:
    house.ask("DROP SCHEMA public CASCADE")
    with pytest.raises(CommandError, match=r"has no record of migrations; is it the right one\?$"):
        house.run("backup_database", "--to", str(tmp_path))
    house.ask("CREATE SCHEMA public CREATE TABLE schema_migrations (version integer, name text)")
    with pytest.raises(CommandError, match=r"^The dump has \d+ bytes, and no database of ours fits into less than "):
        house.run("backup_database", "--to", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_password_is_on_no_command_line(house: House) -> None:
    with dump_of(house) as dump:
        words = psutil.Process(dump.process.pid).cmdline()
        assert any(house.name in word for word in words)
        assert not any(PASSWORD in word for word in words)


def test_a_password_is_in_no_message(house: House, settings: object, tmp_path: Path) -> None:
    settings.TELEMETRY_OWNER_URL = f"postgresql://house:{PASSWORD}@127.0.0.1:1/telemetry"  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="cannot be used") as refused:
        house.run("backup_database", "--to", str(tmp_path))
    assert PASSWORD not in str(refused.value)


def left_in(place: str) -> list[str]:
    return destination_of(place).names() if place.startswith("s3:") else [path.name for path in Path(place).iterdir()]


def backup_command(to: Path) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "backup_database", "telemetry", "--to", str(to)]


def environment(house: House) -> dict[str, str]:
    return {**os.environ, "TELEMETRY_OWNER_DATABASE_URL": house.url}


def slow_backup(house: House, tmp_path: Path) -> subprocess.Popen[bytes]:
    """Start the command with a pg_dump that never comes to an end, unless nobody reads it any more."""
    with connect(house.url) as database:
        real = find_program("pg_dump", major_of(database)).path
        assert execute(database, "SELECT 1") == [(1,)]
    slow = tmp_path / "bin" / "pg_dump"
    slow.parent.mkdir()
    slow.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {real} --version\n'
        f'{real} "$@" | {{ head -c 1000; while printf x; do sleep 0.1; done; }}\n'
    )
    slow.chmod(0o755)
    path = f"{slow.parent}:{os.environ['PATH']}"
    return subprocess.Popen(backup_command(tmp_path / "to"), env={**environment(house), "PATH": path})

"""The export gives what the API gives, however much it is."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from homelab_site.stack.child import free_port
from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute
from tests.away import everything_at

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
# The house's days in winter start an hour before UTC's.
MIDNIGHT = datetime(2026, 11, 9, 23, tzinfo=UTC)
RANGE = (f"--from={MIDNIGHT.isoformat()}", f"--to={(MIDNIGHT + timedelta(days=1)).isoformat()}")


def read(connection: Connection, minutes: int = 120, serial: str = "one") -> None:
    """Store a reading a minute from noon on."""
    execute(
        connection,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total, active_power_total)"
        " SELECT %s + n * interval '1 minute', %s, 1000 + n * 7, 420 FROM generate_series(0, %s) n",
        *(NOON, serial, minutes),
    )


def export(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_energy", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(("resolution", "path"), [("hour", "energy/history"), ("day", "energy/daily-summary")])
@pytest.mark.parametrize("which", [{}, {"device_serial": "two"}])
def test_it_is_what_the_api_gives(
    api: Api, readings: Connection, resolution: str, path: str, which: dict[str, str]
) -> None:
    read(readings)
    read(readings, 90, "two")
    arguments = [*RANGE, f"--resolution={resolution}", *(f"--device-serial={serial}" for serial in which.values())]
    query = {"from": MIDNIGHT, "to": MIDNIGHT + timedelta(days=1), **which}
    assert export(*arguments, "--format=csv").encode() == api.get(path, query, Accept="text/csv").content
    assert json.loads(export(*arguments, "--format=json")) == api.answer(path, query)


def test_raw_readings_come_in_the_order_of_time(api: Api, readings: Connection) -> None:
    read(readings)
    read(readings, 60, "two")
    lines = list(csv.reader(io.StringIO(export(*RANGE, "--resolution=raw"))))
    assert lines[0] == list(api.answer("energy/latest"))
    assert lines[1:4] == [
        ["2026-11-10T12:00:00Z", "one", "1000", "420", "", "", "", ""],
        ["2026-11-10T12:00:00Z", "two", "1000", "420", "", "", "", ""],
        ["2026-11-10T12:01:00Z", "one", "1007", "420", "", "", "", ""],
    ]
    assert len(lines) == 1 + 121 + 61
    rows = json.loads(export(*RANGE, "--resolution=raw", "--format=json", "--device-serial=one"))
    assert rows[-1] == api.answer("energy/latest", {"device_serial": "one"})


def test_a_range_includes_its_start_and_not_its_end(readings: Connection) -> None:
    read(readings)
    out = export(f"--from={NOON.isoformat()}", "--to=2026-11-10T13:02:00+01:00", "--resolution=raw")
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["2026-11-10T12:00:00Z", "2026-11-10T12:01:00Z"]


def test_nothing_is_a_header_or_an_empty_list(readings: Connection) -> None:
    assert len(export(*RANGE).splitlines()) == 1
    assert export(*RANGE, "--format=json") == "[]\n"


def test_numbers_are_exact(readings: Connection) -> None:
    execute(
        readings,
        "INSERT INTO counter_quarters (counter, device, quarter, amount, covered_seconds, measurement_count)"
        " VALUES ('energy', 'one', %s, 1, 299.9999999, 12345678901)",
        NOON,
    )
    [row] = csv.DictReader(io.StringIO(export(*RANGE)))
    assert (row["total_energy_kwh"], row["measurement_count"]) == ("0.001", "12345678901")
    assert float(row["coverage"]) == 299.9999999 / 3600


def test_it_writes_a_file(readings: Connection, tmp_path: Path) -> None:
    read(readings)
    assert export(*RANGE, f"--output={tmp_path / 'hours.csv'}") == ""
    assert (tmp_path / "hours.csv").read_bytes().decode() == export(*RANGE)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "--from"),
        (["--from=yesterday"], "'yesterday' is not a time"),
        (["--from=2026-11-10T12:00:00"], "time zone"),
        ([*RANGE, "--resolution=minute"], "invalid choice"),
        ([*RANGE, "--format=xml"], "invalid choice"),
        ([*RANGE, "--device-serial="], "serial"),
        (["--from=2026-11-10T12:00:00Z", "--to=2026-11-10T11:00:00Z"], "--from is after --to"),
        ([*RANGE, "--output=/nowhere/file"], "/nowhere/file cannot be written: No such file or directory."),
    ],
)
def test_a_wrong_argument_is_refused(readings: Connection, arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        export(*arguments)


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "export_energy", *arguments]


def test_a_reader_that_goes_away_hears_no_complaint(readings: Connection) -> None:
    execute(
        readings,
        "INSERT INTO energy_consumption (time, device_serial)"
        " SELECT %s + n * interval '1 s', 'one' FROM generate_series(0, 20000) n",
        NOON,
    )
    with subprocess.Popen(
        command(*RANGE, "--resolution=raw"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline().startswith(b"ts,")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_full_disk_behind_standard_output_is_named(readings: Connection) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command(*RANGE), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "CommandError: Standard output cannot be written: No space left on device.\n",
    )


def peak_kib(*arguments: str) -> int:
    """Return how much memory an export takes, without what the other children of this process took."""
    measure = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    return int(subprocess.check_output([sys.executable, "-c", measure, *command(*arguments)]))


def test_many_rows_take_no_more_memory_than_few(readings: Connection) -> None:
    execute(
        readings,
        "INSERT INTO energy_consumption (time, device_serial, active_energy_total)"
        " SELECT %s + n * interval '0.1 s', 'one', n FROM generate_series(0, 200000) n",
        NOON,
    )
    few = peak_kib(f"--from={NOON.isoformat()}", "--to=2026-11-10T12:00:01Z", "--resolution=raw")
    many = peak_kib(f"--from={NOON.isoformat()}", "--resolution=raw")
    assert many - few < 10_000


@pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
def test_a_database_that_is_away_is_named(readings: Connection) -> None:
    connections.close_all()
    with (
        everything_at(free_port()),
        pytest.raises(CommandError, match=r"The telemetry database cannot be used: .*refused"),
    ):
        export(*RANGE)

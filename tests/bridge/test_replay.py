import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from bridge.devices import translate
from bridge.devices.device import House
from bridge.messages import Reading
from bridge.replay import RecordingError, read_rows, readings
from homelab_site.stack import parts
from homelab_site.stack.child import free_port
from tests.bridge.listener import Listener

HEADER = "time_utc,active_power_kw,reactive_power_kvar,voltage_v,current_a,sub_metering_1_wh"
START = datetime(2026, 11, 1, tzinfo=UTC)


def recording(*rows: str) -> list[str]:
    return [HEADER, *rows]


THREE_MINUTES = recording(
    "2007-02-01T00:00:00Z,0.326,0.128,243.15,1.4,0",
    "2007-02-01T00:01:00Z,3.7,0.13,243.32,15.2,0",
    "2007-02-01T00:02:00Z,0.3245,0,243,1.4,0",
)


def payloads(lines: Sequence[str], start: datetime = START) -> list[dict[str, Any]]:
    return [reading.payload for reading in readings(read_rows(lines), start, "4711")]


def counters(lines: Sequence[str]) -> list[int]:
    return [payload["activeTotalConsumption"]["total"] for payload in payloads(lines)]


def test_a_row_becomes_what_a_single_phase_meter_sends() -> None:
    assert payloads(THREE_MINUTES)[0] == {
        "saveeyeDeviceSerialNumber": "4711",
        "meterType": "recording",
        "meterSerialNumber": "4711",
        "timestamp": "2026-11-01T00:00:00Z",
        "activeActualConsumption": {"total": 326, "L1": 326},
        "activeActualProduction": {"total": 0, "L1": 0},
        "activeTotalConsumption": {"total": 1_000_000, "L1": 1_000_000},
        "activeTotalProduction": {"total": 0, "L1": 0},
        "reactiveActualConsumption": {"total": 128, "L1": 128},
        "reactiveActualProduction": {"total": 0, "L1": 0},
        "reactiveTotalConsumption": {"total": 1_000_000, "L1": 1_000_000},
        "reactiveTotalProduction": {"total": 0, "L1": 0},
        "rmsVoltage": {"L1": 243.15},
        "rmsCurrent": {"L1": 1400},
        "powerFactor": {"total": 93, "L1": 93},
    }


def test_the_counter_is_the_energy_of_all_rows_before_rounded() -> None:
    # 326 W, 3,700 W and 324.5 W, a minute each: 5.43, 61.67 and 5.41 Wh
    assert counters(THREE_MINUTES) == [1_000_000, 1_000_005, 1_000_067, 1_000_073]


def test_a_closing_reading_repeats_the_last_row_a_minute_later() -> None:
    *_, last, closing = payloads(THREE_MINUTES)
    assert (last["timestamp"], closing["timestamp"]) == ("2026-11-01T00:02:00Z", "2026-11-01T00:03:00Z")
    assert closing["activeActualConsumption"] == last["activeActualConsumption"] == {"total": 324.5, "L1": 324.5}


def test_a_row_holds_until_the_next_one() -> None:
    quarter = recording("2007-02-01T00:00:00Z,4,0,230,17.4,0", "2007-02-01T00:15:00Z,0,0,230,0,0")
    assert counters(quarter) == [1_000_000, 1_001_000, 1_001_000]


@given(st.lists(st.decimals(0, 60, places=3), min_size=1, max_size=300))
def test_no_energy_is_lost_to_rounding(kilowatts: list[Any]) -> None:
    minutes = (datetime(2007, 2, 1, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(len(kilowatts)))
    lines = recording(*(f"{time.isoformat()},{kw},0,230,1,0" for time, kw in zip(minutes, kilowatts, strict=True)))
    total_milliwatts = sum(int(kw * 1000) for kw in kilowatts)
    assert abs((counters(lines)[-1] - 1_000_000) * 60 - total_milliwatts) <= 30


def test_the_bridge_stores_every_value() -> None:
    for payload in payloads(THREE_MINUTES):
        outcome = translate("saveeye/telemetry", msgspec.json.encode(payload), START, House())
        assert isinstance(outcome, Reading)
        assert outcome.device_id == "4711"
        assert outcome.ts.isoformat() == payload["timestamp"].replace("Z", "+00:00")
        missing = {column for column, value in outcome.fields.items() if value is None}
        assert missing == {
            *("wifi_rssi", "active_power_l2", "active_power_l3"),
            *("voltage_l2", "voltage_l3", "current_l2", "current_l3"),
        }


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "line 1: there is no column time_utc or active_power_kw or"),
        (["time_utc,active_power_kw,reactive_power_kvar,voltage_v"], "line 1: there is no column current_a"),
        (recording(), "there is no row"),
        (recording("2007-02-01T00:00:00Z,?,?,?,?,?"), r"line 2: active_power_kw is '\?', not a decimal number"),
        (recording("2007-02-01T00:00:00Z,1,1"), "line 2: voltage_v is None, not a decimal number"),
        (recording("2007-02-01T00:00:00Z,1,1,nan,1,0"), "line 2: voltage_v is 'nan', not a decimal number"),
        (recording("2007-02-01T00:00:00Z,1,1,1e9,1,0"), "line 2: voltage_v is '1e9', not a decimal number"),
        (recording("2007-02-01T00:00:00Z,1,1,230,-1,0"), "line 2: current_a is '-1', not a decimal number"),
        (recording("yesterday,1,1,230,1,0"), "line 2: time_utc is 'yesterday', not a time"),
        (recording("2007-02-01T00:00:00.5Z,1,1,230,1,0"), "line 2: .* not in whole seconds"),
        (recording("9999-12-31T23:59:59Z,1,1,230,1,0"), "line 2: .* not from 1900 to 2200"),
        ([*THREE_MINUTES, THREE_MINUTES[-1]], "line 5: 2007-02-01T00:02:00Z is not after the row before it"),
        (recording('2007-02-01T00:00:00Z,"1'), "line 2: unexpected end of data"),
    ],
)
def test_a_broken_recording_is_refused_with_its_line(lines: list[str], complaint: str) -> None:
    with pytest.raises(RecordingError, match=complaint):
        read_rows(lines)


def test_a_time_without_a_zone_is_utc_as_the_column_says() -> None:
    rows = read_rows(recording("2007-02-01 00:00:00,1,1,230,1,0", "2007-02-01T01:01:00+01:00,1,1,230,1,0"))
    assert [row.time.isoformat() for row in rows] == ["2007-02-01T00:00:00+00:00", "2007-02-01T00:01:00+00:00"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(os.environ["MQTT_URL"], "saveeye/telemetry") as listening:
        yield listening


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "recording.csv"
    made.write_text("\n".join(THREE_MINUTES))
    return made


def start_replay(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        parts.manage("replay", *map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_a_replay_ends_after_the_broker_has_every_reading(file: Path, listener: Listener) -> None:
    process = start_replay(file, "--start", "2026-11-01T00:00:00Z", "--device-serial", "4711")
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0, printed
    assert printed == "4 readings were acknowledged, from 2026-11-01T00:00:00Z.\n"
    assert [msgspec.json.decode(one.payload) for one in listener.take(4)] == payloads(THREE_MINUTES)


def test_by_default_the_last_row_is_now(file: Path, listener: Listener) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    call_command("replay", file)
    last = msgspec.json.decode(listener.take(4)[2].payload)
    assert before <= datetime.fromisoformat(last["timestamp"]) <= datetime.now(UTC)


def test_a_replay_at_a_pace_can_be_stopped_and_says_how_far_it_came(tmp_path: Path, listener: Listener) -> None:
    file = tmp_path / "recording.csv"
    minute_and_hour = recording(
        "2007-02-01T00:00:00Z,1,0,230,4,0", "2007-02-01T00:01:00Z,1,0,230,4,0", "2007-02-01T01:01:00Z,1,0,230,4,0"
    )
    file.write_text("\n".join(minute_and_hour))
    process = start_replay(file, "--speed", "30")
    listener.take(2)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert re.fullmatch(r"CommandError: Stopped: [12] of 4 readings were acknowledged\.\n", printed)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--start", "2026-11-01T00:00:00"], "has no time zone; write 2026-11-01T00:00:00Z for UTC"),
        (["--start", "soon"], "'soon' is not a time such as"),
        (["--start", "2019-12-31T23:59:59Z"], r"from 2020 until a day ahead\. Nothing was published"),
        (["--start", "9999-12-31T23:59:59Z"], r"from 2020 until a day ahead\. Nothing was published"),
        (["--speed", "-1"], r"-1 is out of range; allowed: 0, or 0\.01 to 1e\+06"),
        (["--speed", "nan"], "nan is out of range"),
        (["--device-serial", " "], "--device-serial is empty"),
    ],
)
def test_a_wrong_argument_is_refused(file: Path, arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("replay", file, *arguments)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("picture.png", r"after line 0: the text is not UTF-8\. Nothing was published"),
        ("missing.csv", "cannot be read: No such file or directory"),
        (".", "cannot be read: Is a directory"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, name: str, complaint: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(CommandError, match=complaint):
        call_command("replay", tmp_path / name)


def test_a_broker_that_is_away_is_named(file: Path, settings: Settings) -> None:
    port = free_port()
    settings.MQTT_URL = f"mqtt://127.0.0.1:{port}"
    complaint = f"The MQTT broker at 127.0.0.1:{port} cannot be used: Connection refused. 0 of 4 readings"
    with pytest.raises(CommandError, match=complaint):
        call_command("replay", file)


def test_a_wrong_broker_url_is_named(file: Path, settings: Settings) -> None:
    settings.MQTT_URL = "mqtt://127.0.0.1:99999"
    with pytest.raises(CommandError, match="MQTT_URL is wrong: An MQTT URL names a host and a port"):
        call_command("replay", file)

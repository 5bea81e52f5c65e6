from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bridge.devices import translate
from bridge.devices.device import House
from bridge.devices.thermiq_registers import SETTINGS, Setting
from bridge.messages import Reading
from bridge.simulator import thermiq
from bridge.simulator.heatpump import DEFAULT_SETTINGS, HeatPump

NOW = datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def read(pump: HeatPump) -> Reading:
    """Return what the bridge makes of the pump's reading."""
    payload = thermiq.payload(pump, NOW, STOCKHOLM, indoor_c=21.46)
    outcome = translate("thermiq_heatpump/data", msgspec.json.encode(payload), NOW, House())
    assert isinstance(outcome, Reading)
    return outcome


def test_the_bridge_reads_what_the_pump_measures() -> None:
    pump = HeatPump(-7.6, tank_c=43.2)
    pump.controller.integral = -48.7
    reading = read(pump)
    assert reading.ts == NOW
    assert None not in reading.fields.values()
    assert (reading.fields["outdoor_temp"], reading.fields["hotwater_temp"]) == (-8, 43)
    assert (reading.fields["integral"], reading.fields["indoor_temp"], reading.fields["alarms"]) == (-49, 21.5, [])


def test_the_clock_on_the_wall_is_local() -> None:
    payload = thermiq.payload(HeatPump(0), NOW, STOCKHOLM, indoor_c=21.46)
    assert (payload["time"], payload["timestamp"]) == ("2026-07-01 14:00:05", 1_782_907_205)
    assert (payload["d1"], payload["d2"], payload["INDR_T"]) == (21, 5, 21.5)


def test_flags_say_what_runs() -> None:
    pump = HeatPump(0.0, tank_c=41.0)
    pump.advance(10, outdoor_c=0.0, indoor_c=21.0, hot_water_lpm=0)
    fields = read(pump).fields
    assert all(fields[flag] for flag in ("compressor_on", "brinepump_on", "flowlinepump_on", "hotwater_production"))
    assert not fields["aux_heater_3kw_on"]
    assert not fields["aux_heater_6kw_on"]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_write_is_echoed(setting: Setting) -> None:
    for value in (setting.minimum, setting.maximum):
        pump = HeatPump(0.0)
        pump.settings.update(curve_min=0, curve_max=200)
        write = msgspec.json.encode({f"d{setting.register}": value & 0xFFFF})
        assert thermiq.take_write(pump, write) == setting
        assert read(pump).fields[setting.name] == value


@pytest.mark.parametrize(
    "write",
    [
        b'{"d50": 31}',
        b'{"d50": 14}',
        b'{"d50": 21.5}',
        b'{"d50": "21"}',
        b'{"d50": true}',
        b'{"d50": null}',
        b'{"d50": 22, "d51": 2}',
        b'{"d050": 22}',
        b'{"r32": 22}',
        b'{"d0": 22}',
        b'{"indoor_target_temp": 22}',
        b'{"d51": 5}',
        b'{"d55": -3}',
        b'{"d55": 65530}',
        b'{"d55": 6}',
        b'{"d73": 65536}',
        b'{"d53": 56}',
        b'{"d54": 21}',
        b"{}",
        b"[]",
        b"22",
        b"",
        b"\xff",
    ],
)
def test_a_wrong_write_is_ignored(write: bytes) -> None:
    pump = HeatPump(0.0)
    assert thermiq.take_write(pump, write) is None
    assert pump.settings == DEFAULT_SETTINGS

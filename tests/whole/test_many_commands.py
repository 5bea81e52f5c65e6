"""Two outbox workers and many pumps: each command goes out once, and those of a pump in their order."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bridge.devices.thermiq_registers import SETTINGS
from heatpump.outbox.models import Command, Publication, Status
from heatpump.settings.models import Setting
from heatpump.settings.services import change_settings
from tests.heatpump.pumps import Pumps
from tests.pipeline import Pipeline
from tests.waiting import eventually

NODES = [f"pump_{number:02}" for number in range(20)]
ROUNDS = {
    "indoor_target_temp": (16, 17, 18, 19, 20),
    "mode": (2, 0, 3, 4, 1),
    "curve": (41, 42, 43, 44, 45),
    "curve_min": (11, 12, 13, 14, 15),
    "curve_max": (61, 62, 63, 64, 65),
    "curve_plus_5": (-1, -2, -3, -4, -5),
    "curve_zero": (1, 2, 3, 4, 5),
    "curve_minus_5": (-5, -4, -3, -2, -1),
    "heatstop": (10, 11, 12, 13, 14),
    "integral_setting": (-60, -61, -62, -63, -64),
}
REGISTERS = {setting.name: setting.register for setting in SETTINGS}


@pytest.fixture
def pumps(pipeline: Pipeline, tmp_path: Path) -> Iterator[Pumps]:
    """Twenty pumps whose settings are known, and two outbox workers."""
    pipeline.environment["THERMIQ_NODES"] = ",".join(NODES)
    pipeline.run("bridge", "settings", "outbox")
    pipeline.run("outbox")
    with Pumps(pipeline.environment["MQTT_URL"], NODES, every_seconds=60) as made:
        eventually(lambda: Setting.objects.exclude(confirmed=None).count() == len(NODES) * len(ROUNDS), 60)
        yield made


def test_a_thousand_commands_go_out_once_and_in_order(pumps: Pumps) -> None:
    expected: dict[str, list[bytes]] = {node: [] for node in NODES}
    for round_number in range(5):
        for name, values in ROUNDS.items():
            for node in NODES:
                change_settings(node, {name: values[round_number]}, requested_by="alice")
                written = {f"d{REGISTERS[name]}": values[round_number] & 0xFFFF}
                expected[node].append(msgspec.json.encode(written))
        eventually(lambda: not Command.objects.exclude(status=Status.CONFIRMED).exists(), 120)
    assert pumps.written == expected
    assert Publication.objects.count() == Command.objects.count() == 1000

"""Two outbox workers and many pumps: each command goes out once, and those of a pump in their order."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec
import pytest
from django.utils import timezone

from bridge.devices.thermiq_registers import SETTINGS
from heatpump.outbox.models import Command, Publication, Status
from heatpump.settings.echoes import Echo, confirm_from_reading
from heatpump.settings.services import change_settings
from tests.heatpump.pumps import Pumps
from tests.pipeline import Pipeline
from tests.waiting import eventually

NODES = [f"pump_{number:02}" for number in range(20)]
ROUNDS = 5
FIRST_VALUES = {
    "indoor_target_temp": 16, "mode": 0, "curve": 40, "curve_min": 10, "curve_max": 60, "curve_plus_5": -5,
    "curve_zero": 0, "curve_minus_5": -5, "heatstop": 10, "integral_setting": -60,
}  # fmt: skip
REGISTERS = {setting.name: setting.register for setting in SETTINGS}


@pytest.fixture
def pumps(pipeline: Pipeline) -> Iterator[Pumps]:
    """Twenty pumps, and two outbox workers."""
    first = pipeline.run("outbox")
    pipeline.run("outbox")
    with Pumps(pipeline.environment["MQTT_URL"], NODES) as made:
        yield made
    first.kill()


def values_of(round_number: int) -> dict[str, int]:
    return {name: first + round_number for name, first in FIRST_VALUES.items()}


def read(node: str, values: Mapping[str, int]) -> None:
    """Let a reading of a pump come that shows some values."""
    now = timezone.now()
    confirm_from_reading(Echo(device_id=node, ts=now, received_at=now, values=values), now)


def are_published() -> bool:
    return not Command.objects.filter(status=Status.PENDING).exists()


def test_a_thousand_commands_go_out_once_and_in_order(pumps: Pumps) -> None:
    expected: dict[str, list[bytes]] = defaultdict(list)
    for node in NODES:
        read(node, values_of(0))
    for round_number in range(1, ROUNDS + 1):
        values = values_of(round_number % ROUNDS)
        for name, value in values.items():
            for node in NODES:
                change_settings(node, {name: value}, requested_by="alice")
                expected[node].append(msgspec.json.encode({f"d{REGISTERS[name]}": value & 0xFFFF}))
        eventually(are_published, 60)
        for node in NODES:
            read(node, values)
    assert Command.objects.filter(status=Status.CONFIRMED).count() == Publication.objects.count() == 1000
    eventually(lambda: sum(map(len, pumps.written.values())) >= 1000)
    assert pumps.written == expected

"""A recording goes through the whole pipeline, and the API gives what it adds up to."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from telemetry.schema.runner import Connection
from tests.api_fixture import Api, execute
from tests.pipeline import Pipeline
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Two days of the house, the first of 25 hours.
START = datetime(2025, 10, 25, 22, tzinfo=UTC)
SECOND_DAY = START + 25 * HOUR
END = SECOND_DAY + 24 * HOUR

Powers = Mapping[datetime, Decimal]


def recorded() -> Powers:
    """Return a power in kW for each minute."""
    generator = random.Random(1)
    return {
        START + n * MINUTE: Decimal(generator.randint(200, 900) if n % 400 < 350 else generator.randint(3000, 7000))
        / 1000
        for n in range((END - START) // MINUTE)
    }


def energy_wh(powers: Powers, start: datetime, end: datetime) -> float:
    return float(sum(power for time, power in powers.items() if start <= time < end) * 1000 / 60)


def write(powers: Powers, file: Path) -> Path:
    lines = [f"{time:%Y-%m-%dT%H:%M:%SZ},{power},0.1,230,1" for time, power in powers.items()]
    file.write_text("\n".join(["time_utc,active_power_kw,reactive_power_kvar,voltage_v,current_a", *lines]))
    return file


@pytest.fixture
def powers(pipeline: Pipeline, readings: Connection, tmp_path: Path) -> Powers:
    """Replay a recording, and wait until all of it is stored."""
    powers = recorded()
    pipeline.run("bridge", "sink")
    pipeline.manage("replay", str(write(powers, tmp_path / "recording.csv")), "--start", START.isoformat())
    eventually(lambda: pipeline.count("energy_consumption") == len(powers) + 1)
    return powers


def test_the_api_adds_up_what_was_recorded(api: Api, readings: Connection, powers: Powers) -> None:
    assert_adds_up(api, powers)
    execute(readings, "SELECT refresh_rollups()")
    assert_adds_up(api, powers)


def assert_adds_up(api: Api, powers: Powers) -> None:
    query = {"from": START, "to": END}
    hours = api.answer("energy/history", query)
    assert len(hours) == 49
    for n, hour in enumerate(hours):
        start = START + n * HOUR
        assert datetime.fromisoformat(hour["hour_start"]) == start
        assert abs(hour["total_energy_kwh"] * 1000 - energy_wh(powers, start, start + HOUR)) <= 1
        assert (hour["measurement_count"], hour["coverage"]) == (60, 1)
    [first, second] = api.answer("energy/daily-summary", query)
    assert abs(first["energy_consumption_kwh"] * 1000 - energy_wh(powers, START, SECOND_DAY)) <= 1
    assert abs(second["energy_consumption_kwh"] * 1000 - energy_wh(powers, SECOND_DAY, END)) <= 1
    last = api.answer("energy/latest")
    assert datetime.fromisoformat(last["ts"]) == END
    # The recording's counter starts at 1,000,000 Wh.
    used = last["consumption_total_w"] - 1_000_000
    quarters = api.answer("energy/history", {**query, "resolution": "quarter"})
    for intervals in (hours, quarters):
        assert sum(round(interval["total_energy_kwh"] * 1000) for interval in intervals) == used
    assert max(hour["max_power_total_kw"] for hour in hours) == float(max(powers.values()))

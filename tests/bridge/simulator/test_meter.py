from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.simulator.household import Load
from bridge.simulator.meter import COUNTER_BASE_WH, PHASES, REACTIVE_BASE_VARH, Meter
from bridge.simulator.noise import chance

NOW = datetime(2026, 11, 1, 12, 0, 5, tzinfo=UTC)
POWERS = st.floats(0, 40_000)
LOADS = st.tuples(*[st.builds(Load, POWERS, st.floats(-5_000, 5_000)) for _ in PHASES])


def read_all(loads: list[Any]) -> list[dict[str, Any]]:
    meter = Meter(chance(1, "meter"))
    payloads = []
    for load in loads:
        meter.measure(load)
        payloads.append(meter.payload(NOW))
    return payloads


@given(st.lists(LOADS, min_size=1, max_size=200))
def test_counters_are_the_integral_of_power_to_the_watt_hour(loads: list[Any]) -> None:
    payloads = read_all(loads)
    for power, counter, base in (
        ("activeActualConsumption", "activeTotalConsumption", COUNTER_BASE_WH),
        ("reactiveActualConsumption", "reactiveTotalConsumption", REACTIVE_BASE_VARH),
        ("reactiveActualProduction", "reactiveTotalProduction", (0, 0, 0)),
    ):
        names = {"total": sum(base), **dict(zip(PHASES, base, strict=True))}
        for name, start in names.items():
            watt_seconds = sum(payload[power][name] for payload in payloads)
            assert payloads[-1][counter][name] == start + watt_seconds // 3600


@given(LOADS)
def test_current_power_and_power_factor_agree(loads: Any) -> None:
    (payload,) = read_all([loads])
    for phase in PHASES:
        active = payload["activeActualConsumption"][phase]
        reactive = payload["reactiveActualConsumption"][phase] - payload["reactiveActualProduction"][phase]
        apparent = payload["rmsVoltage"][phase] * payload["rmsCurrent"][phase] / 1000
        assert abs(apparent**2 - active**2 - reactive**2) <= 0.01 * apparent**2 + 5
        assert 0 <= payload["powerFactor"][phase] <= 100
    assert payload["activeActualConsumption"]["total"] == sum(payload["activeActualConsumption"][one] for one in PHASES)


def test_a_reading_has_every_member_of_the_device() -> None:
    (payload,) = read_all([(Load(1000, 100), Load(500, -20), Load(0, 0))])
    assert payload["timestamp"] == "2026-11-01T12:00:05Z"
    assert payload["powerFactor"]["L3"] == 100
    measured = ("ActualConsumption", "ActualProduction", "TotalConsumption", "TotalProduction")
    assert set(payload) == {
        *("saveeyeDeviceSerialNumber", "meterType", "meterSerialNumber", "timestamp", "wifiRssi"),
        *(f"{kind}{what}" for kind in ("active", "reactive") for what in measured),
        *("rmsVoltage", "rmsCurrent", "powerFactor"),
    }

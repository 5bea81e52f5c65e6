"""The registers of a Thermia or Danfoss heat pump, as a ThermIQ interface shows them.

The one table of them: what is read from a message, and what may be written to the pump. A register has 16 bits; a
signed one holds two's complement (https://www.thermiq.net/hw-2/thermiq-mqtt-funktionallitet-2/).
"""

from dataclasses import dataclass
from typing import Final

SMALLEST: Final = -0x8000
LARGEST: Final = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A register that holds a number, named as its column."""

    name: str
    register: int
    unit: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of a register, 0 being the lowest."""

    name: str
    register: int
    bit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A register that can be written, and echoes what it was set to. `minimum` and `maximum` are both allowed."""

    name: str
    register: int
    minimum: int
    maximum: int
    unit: str = ""

    @property
    def signed(self) -> bool:
        """Whether the register holds two's complement."""
        return self.minimum < 0


TEMPERATURES: Final = tuple(
    Measurement(name=name, register=register, unit="degC", signed=True)
    for name, register in (
        ("outdoor_temp", 0),
        ("supplyline_temp", 5),
        ("returnline_temp", 6),
        ("hotwater_temp", 7),
        ("brine_out_temp", 8),
        ("brine_in_temp", 9),
    )
)
INDOOR_DEGREES: Final = Measurement(name="indoor_degrees", register=1, unit="degC", signed=True)
INDOOR_TENTHS: Final = Measurement(name="indoor_tenths", register=2, unit="0.1 degC")

COUNTS: Final = (
    Measurement(name="flowlinepump_speed", register=30, unit="%"),
    Measurement(name="runtime_compressor", register=104, unit="h"),
    Measurement(name="runtime_hotwater", register=108, unit="h"),
    Measurement(name="runtime_3kw", register=106, unit="h"),
    Measurement(name="runtime_6kw", register=114, unit="h"),
    Measurement(name="integral", register=25, unit="degC min", signed=True),
)

FLAGS: Final = (
    Bit("brinepump_on", 16, 0),
    Bit("compressor_on", 16, 1),
    Bit("flowlinepump_on", 16, 2),
    Bit("hotwater_production", 16, 3),
    Bit("aux_heater_3kw_on", 13, 0),
    Bit("aux_heater_6kw_on", 13, 1),
)

ALARMS: Final = (
    Bit("alarm_indication", 17, 6),
    Bit("high_pressure", 19, 0),
    Bit("low_pressure", 19, 1),
    Bit("motor_breaker", 19, 2),
    Bit("low_brine_flow", 19, 3),
    Bit("low_brine_temperature", 19, 4),
    Bit("outdoor_sensor", 20, 0),
    Bit("supply_sensor", 20, 1),
    Bit("return_sensor", 20, 2),
    Bit("hot_water_sensor", 20, 3),
    Bit("indoor_sensor", 20, 4),
    Bit("phase_order", 20, 5),
    Bit("overheating", 20, 6),
)

SETTINGS: Final = (
    # The register takes 0..50; the house allows less.
    Setting(name="indoor_target_temp", register=50, minimum=15, maximum=30, unit="degC"),
    # 0 off, 1 auto, 2 heat pump only, 3 electric heater only, 4 hot water only.
    Setting(name="mode", register=51, minimum=0, maximum=4),
    Setting(name="curve", register=52, minimum=0, maximum=200, unit="degC"),
    Setting(name="curve_min", register=53, minimum=0, maximum=200, unit="degC"),
    Setting(name="curve_max", register=54, minimum=0, maximum=200, unit="degC"),
    Setting(name="curve_plus_5", register=55, minimum=-5, maximum=5, unit="degC"),
    Setting(name="curve_zero", register=56, minimum=-5, maximum=5, unit="degC"),
    Setting(name="curve_minus_5", register=57, minimum=-5, maximum=5, unit="degC"),
    Setting(name="heatstop", register=58, minimum=0, maximum=200, unit="degC"),
    Setting(name="integral_setting", register=73, minimum=-32768, maximum=32767, unit="degC min"),
)

"""A ThermIQ interface in the heat pump: shows its registers, and takes writes to those that are settings."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from bridge.devices.thermiq_registers import SETTINGS, Setting
from bridge.simulator.heatpump import BRINE_PUMP_PERCENT, FLOW_PUMP_PERCENT, HeatPump

CLIENT_NAME = "ThermIQ_b48a0a5d21fc"
_BY_KEY: Mapping[str, Setting] = {f"d{setting.register}": setting for setting in SETTINGS}
_PHASES, _VOLTS = 3, 230


def payload(pump: HeatPump, now: datetime, zone: tzinfo, indoor_c: float) -> dict[str, Any]:
    """Return the message of a reading, taken at a time in UTC, with what the room sensor sees in degC."""
    return {
        "Client_Name": CLIENT_NAME,
        **{f"d{register}": value & 0xFFFF for register, value in sorted(_registers(pump, indoor_c).items())},
        "INDR_T": round(indoor_c, 1),
        "EVU": 0,
        "time": f"{now.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "timestamp": int(now.timestamp()),
        "vp_read": "OK",
    }


def take_write(pump: HeatPump, message: bytes) -> Setting | None:
    """Set what a message to `<node>/write` asks for, and return that setting; None if the pump ignores the message.

    It ignores what is not one register with a 16-bit integer in its range, negative ones in two's complement, and a
    curve whose maximum is below its minimum.
    """
    try:
        (key, sent), *others = msgspec.json.decode(message, type=dict[str, int]).items()
    except (msgspec.DecodeError, ValueError):
        return None
    setting = _BY_KEY.get(key)
    if others or setting is None or not 0 <= sent <= 0xFFFF:
        return None
    value = sent - 0x10000 if setting.signed and sent >= 0x8000 else sent
    wanted = {**pump.settings, setting.name: value}
    if not setting.minimum <= value <= setting.maximum or wanted["curve_min"] > wanted["curve_max"]:
        return None
    pump.settings[setting.name] = value
    return setting


def _registers(pump: HeatPump, indoor_c: float) -> dict[int, int]:
    """Return each register's value before it is put into 16 bits."""
    controller, hours = pump.controller, pump.runtimes
    indoor_tenths = round(indoor_c * 10)
    return {
        0: round(pump.outdoor_c),
        1: indoor_tenths // 10,
        2: indoor_tenths % 10,
        3: pump.settings["indoor_target_temp"],
        4: 0,
        5: round(pump.supply_c),
        6: round(pump.return_c),
        7: round(pump.tank_c),
        8: round(pump.brine_out_c),
        9: round(pump.brine_in_c),
        12: round(pump.electric_w / _PHASES / _VOLTS),
        13: _bits({0: controller.heater_3kw, 1: controller.heater_6kw}),
        16: _bits({0: controller.compressor, 1: controller.compressor, 2: pump.flow_pump_on, 3: pump.charging}),
        **dict.fromkeys((17, 19, 20), 0),
        25: round(controller.integral),
        30: FLOW_PUMP_PERCENT * pump.flow_pump_on,
        31: BRINE_PUMP_PERCENT * controller.compressor,
        **{setting.register: pump.settings[setting.name] for setting in SETTINGS},
        104: int(hours.compressor // 3600),
        106: int(hours.heater_3kw // 3600),
        108: int(hours.hot_water // 3600),
        114: int(hours.heater_6kw // 3600),
    }


def _bits(on: Mapping[int, bool]) -> int:
    return sum(1 << bit for bit, is_on in on.items() if is_on)

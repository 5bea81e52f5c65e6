"""Recorded readings of a single-phase household as a SaveEye meter would have sent them.

A recording is CSV with the columns in `COLUMNS`, in any order; others are ignored. A row holds from its time until
the next one's, the last one for a minute.
"""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

COLUMNS = ("time_utc", "active_power_kw", "reactive_power_kvar", "voltage_v", "current_a")
COUNTER_BASE_WH = 1_000_000
LAST_ROW_HOLDS = timedelta(minutes=1)
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class RecordingError(ValueError):
    """A recording that cannot be read. The message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its time in UTC, power in W and var, voltage in V, current in mA."""

    time: datetime
    active_power: Decimal
    reactive_power: Decimal
    voltage: Decimal
    current: Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """A payload of the meter, and when the meter was read."""

    time: datetime
    payload: dict[str, Any]


def read_rows(lines: Iterable[str]) -> list[Row]:
    """Read a whole recording; raises RecordingError unless all of it is right."""
    reader = csv.DictReader(lines, strict=True)
    rows: list[Row] = []
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise RecordingError(f"line 1: there is no column {' or '.join(missing)}")
        for values in reader:
            row = _row(values, reader.line_num)
            if rows and row.time <= rows[-1].time:
                raise RecordingError(f"line {reader.line_num}: {values['time_utc']} is not after the row before it")
            rows.append(row)
    except csv.Error as error:
        raise RecordingError(f"line {reader.reader.line_num}: {error}") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"after line {reader.line_num}: the text is not UTF-8") from error
    if not rows:
        raise RecordingError("there is no row")
    return rows


def _row(values: dict[str, str | None], line: int) -> Row:
    return Row(
        time=_time(values["time_utc"], line),
        active_power=_number(values, "active_power_kw", line) * 1000,
        reactive_power=_number(values, "reactive_power_kvar", line) * 1000,
        voltage=_number(values, "voltage_v", line),
        current=_number(values, "current_a", line) * 1000,
    )


def _time(text: str | None, line: int) -> datetime:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise RecordingError(f"line {line}: time_utc is {text!r}, not a time such as 2007-02-01T00:00:00Z") from error
    if time.microsecond:
        raise RecordingError(f"line {line}: time_utc is {text!r}, not in whole seconds as the meter's clock is")
    if not EARLIEST_YEAR <= time.year < LATEST_YEAR:
        raise RecordingError(f"line {line}: time_utc is {text!r}, not from {EARLIEST_YEAR} to {LATEST_YEAR}")
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _number(values: dict[str, str | None], column: str, line: int) -> Decimal:
    text = values[column]
    if text is None or not _NUMBER.fullmatch(text):
        raise RecordingError(f"line {line}: {column} is {text!r}, not a decimal number of 0 or more")
    return Decimal(text)


def end_of(rows: Sequence[Row]) -> datetime:
    """Return the time of the closing reading."""
    return rows[-1].time + LAST_ROW_HOLDS


def readings(rows: Sequence[Row], start: datetime, serial: str) -> Iterator[Reading]:
    """Yield a reading for each row, the first at `start`, and a closing one that repeats the last row's values.

    The counters are the exact energy of all rows before, rounded to Wh and varh.
    """
    shift = start - rows[0].time
    ends = [*(row.time for row in rows[1:]), end_of(rows)]
    active, reactive = Fraction(0), Fraction(0)
    for row, end in zip(rows, ends, strict=True):
        yield _reading(row, row.time + shift, active, reactive, serial)
        hours = Fraction((end - row.time) // timedelta(seconds=1), 3600)
        active += Fraction(row.active_power) * hours
        reactive += Fraction(row.reactive_power) * hours
    yield _reading(rows[-1], ends[-1] + shift, active, reactive, serial)


def _reading(row: Row, time: datetime, active: Fraction, reactive: Fraction, serial: str) -> Reading:
    return Reading(
        time,
        {
            "saveeyeDeviceSerialNumber": serial,
            "meterType": "recording",
            "meterSerialNumber": serial,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "activeActualConsumption": _single_phase(_json_number(row.active_power)),
            "activeActualProduction": _single_phase(0),
            "activeTotalConsumption": _single_phase(COUNTER_BASE_WH + round(active)),
            "activeTotalProduction": _single_phase(0),
            "reactiveActualConsumption": _single_phase(_json_number(row.reactive_power)),
            "reactiveActualProduction": _single_phase(0),
            "reactiveTotalConsumption": _single_phase(COUNTER_BASE_WH + round(reactive)),
            "reactiveTotalProduction": _single_phase(0),
            "rmsVoltage": {"L1": _json_number(row.voltage)},
            "rmsCurrent": {"L1": _json_number(row.current)},
            "powerFactor": _single_phase(_power_factor(row)),
        },
    )


def _single_phase(value: float) -> dict[str, float]:
    return {"total": value, "L1": value}


def _power_factor(row: Row) -> int:
    """Return active as a share of apparent power, in percent."""
    apparent = math.hypot(row.active_power, row.reactive_power)
    return round(100 * float(row.active_power) / apparent) if apparent else 100


def _json_number(value: Decimal) -> float:
    return int(value) if value == value.to_integral_value() else float(value)

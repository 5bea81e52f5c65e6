"""Reading what meters measured. Power in kW and energy in kWh, but for a single reading, which is in W and Wh.

The database's functions keep each meter on its own. Without a serial number, meters are summed here: what each of
them used and drew, while the coverage is the average of those that have the interval. Meters count whole Wh and give
whole W, which sums of them stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from telemetry.selection import Selection

UNTIL = "ts <= coalesce(%(until)s, timestamptz 'infinity')"
METER = "(%(device_serial)s::text IS NULL OR device_serial = %(device_serial)s)"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a meter: its counter in Wh, under the name that older programs know, and its power in W."""

    ts: datetime
    device_serial: str
    consumption_total_w: int | None
    consumption_total_actual_w: int | None
    consumption_l1_actual_w: int | None
    consumption_l2_actual_w: int | None
    consumption_l3_actual_w: int | None
    production_actual_w: int | None


@dataclass(frozen=True, slots=True)
class Hour:
    """What was used from `hour_start` to `hour_end`: a clock hour, or a quarter of one."""

    hour_start: datetime
    hour_end: datetime
    total_energy_kwh: float
    avg_power_l1_kw: float | None
    avg_power_l2_kw: float | None
    avg_power_l3_kw: float | None
    avg_power_total_kw: float | None
    max_power_total_kw: float | None
    measurement_count: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Day:
    """What was used on a day of the house."""

    day_start: datetime
    day_end: datetime
    energy_consumption_kwh: float
    measurement_count: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Month:
    """What was used in a month of the house."""

    month_start: datetime
    month_end: datetime
    energy_consumption_kwh: float
    measurement_count: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Year:
    """What was used in a year of the house."""

    year_start: datetime
    year_end: datetime
    energy_consumption_kwh: float
    measurement_count: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter, the start of the quarter of its first reading, and the time of its newest.

    Where its readings have expired, the end of the last day of which something is known stands for the newest.
    """

    device_serial: str
    first: datetime
    newest: datetime


Period = TypeVar("Period", Day, Month, Year)


def reading_latest(*, device_serial: str | None, until: datetime | None = None) -> Reading | None:
    """Return the newest reading of one meter or of all, if there is any; `until` leaves out what is dated later."""
    newest = f"WHERE {UNTIL} ORDER BY ts DESC"
    if device_serial is not None:
        # In this order only the primary key has them, which is a probe for a meter that was replaced long ago, too. An
        # equality would let the server take the index of time, and search for the meter.
        newest = (
            f"WHERE device_serial BETWEEN %(device_serial)s AND %(device_serial)s AND {UNTIL}"
            " ORDER BY device_serial DESC, ts DESC"
        )
    return Selection(Reading, f"{_READINGS} {newest}", {"device_serial": device_serial, "until": until}).first()


def meters() -> Selection[Meter]:
    """Select all meters that ever counted something."""
    return Selection(
        Meter,
        f"""
        SELECT serial,
            coalesce((SELECT min(quarter_start) FROM energy_quarters(serial, first_day, first_end)), first_day),
            coalesce((
                SELECT ts FROM ({_READINGS}) AS reading WHERE device_serial BETWEEN serial AND serial
                ORDER BY device_serial DESC, ts DESC LIMIT 1
            ), last_end)
        FROM (
            SELECT device_serial, min(day_start), min(day_end), max(day_end)
            FROM energy_days(NULL, '-infinity', 'infinity') GROUP BY device_serial
        ) AS known (serial, first_day, first_end, last_end)
        ORDER BY serial
        """,  # noqa: S608 - nothing in it comes from outside
        {},
    )


def readings(*, start: datetime, end: datetime, device_serial: str | None) -> Selection[Reading]:
    return Selection(
        Reading,
        f"{_READINGS} WHERE ts >= %(start)s AND ts < %(end)s AND {METER} ORDER BY ts, device_serial",
        _range(start, end, device_serial),
    )


def energy_used(*, start: datetime, end: datetime, device_serial: str | None) -> float:
    """Return the kWh used between two moments at which a quarter of an hour starts."""
    used = Selection(
        float,
        f"SELECT coalesce(sum(energy_wh), 0) / 1000 FROM energy_quarters({_RANGE})",  # noqa: S608 - the range is ours
        _range(start, end, device_serial),
    ).first()
    assert used is not None
    return used


def hours(*, start: datetime, end: datetime, device_serial: str | None) -> Selection[Hour]:
    return _hours(f"energy_hours({_RANGE})", start, end, device_serial)


def quarters(*, start: datetime, end: datetime, device_serial: str | None) -> Selection[Hour]:
    return _hours(f"({_QUARTERS}) AS quarters", start, end, device_serial)


def days(*, start: datetime, end: datetime, device_serial: str | None) -> Selection[Day]:
    source = f"energy_days({_RANGE}) AS days (device_serial, starts, ends)"
    return _periods(Day, source, _range(start, end, device_serial))


def months(*, start: datetime, end: datetime, device_serial: str | None) -> Selection[Month]:
    source = f"energy_periods('month', {_RANGE}) AS months (device_serial, starts, ends)"
    return _periods(Month, source, _range(start, end, device_serial))


def years(*, start: datetime, end: datetime, device_serial: str | None) -> Selection[Year]:
    source = f"energy_periods('year', {_RANGE}) AS years (device_serial, starts, ends)"
    return _periods(Year, source, _range(start, end, device_serial))


_RANGE = "%(device_serial)s, %(start)s, %(end)s"

_READINGS = """
    SELECT ts, device_serial, consumption_total_w, consumption_total_actual_w, consumption_l1_actual_w,
        consumption_l2_actual_w, consumption_l3_actual_w, production_actual_w
    FROM energy
"""

_QUARTERS = f"""
    SELECT quarter_start AS hour_start, quarter_start + interval '15 minutes' AS hour_end,
        energy_wh / 1000 AS total_energy_kwh, l1_w / 1000 AS avg_power_l1_kw, l2_w / 1000 AS avg_power_l2_kw,
        l3_w / 1000 AS avg_power_l3_kw, total_w / 1000 AS avg_power_total_kw,
        max_total_w / 1000.0::float8 AS max_power_total_kw, measurement_count, covered_seconds / 900 AS coverage
    FROM energy_quarters({_RANGE})
"""  # noqa: S608 - the range is ours


def _hours(source: str, start: datetime, end: datetime, device_serial: str | None) -> Selection[Hour]:
    return Selection(
        Hour,
        f"""
        SELECT hour_start, hour_end, round(sum(total_energy_kwh) * 1000) / 1000, sum(avg_power_l1_kw),
            sum(avg_power_l2_kw), sum(avg_power_l3_kw), sum(avg_power_total_kw),
            round(sum(max_power_total_kw) * 1000) / 1000, sum(measurement_count)::bigint, least(avg(coverage), 1)
        FROM {source} GROUP BY hour_start, hour_end ORDER BY hour_start
        """,  # noqa: S608 - the source is one of ours
        _range(start, end, device_serial),
    )


def _periods(row: type[Period], source: str, parameters: Mapping[str, Any]) -> Selection[Period]:
    return Selection(
        row,
        f"""
        SELECT starts, ends, round(sum(energy_consumption_kwh) * 1000) / 1000, sum(measurement_count)::bigint,
            least(avg(coverage), 1)
        FROM {source} GROUP BY starts, ends ORDER BY starts
        """,  # noqa: S608 - the source is one of ours
        parameters,
    )


def _range(start: datetime, end: datetime, device_serial: str | None) -> dict[str, Any]:
    return {"start": start, "end": end, "device_serial": device_serial}

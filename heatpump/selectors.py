"""Reading what heat pumps measured: temperatures in degC, run times in h, the integral in degC min."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from telemetry.selection import Selection

UNTIL = "time <= coalesce(%(until)s, timestamptz 'infinity')"
MOVED_BY = 5
"""The integral is rising or falling if it moved by this. Half an hour at 0.2 degC off moves it by 6 degC min."""


class Trend(StrEnum):
    """Where the integral has gone over the last half hour."""

    RISING = "rising"
    FALLING = "falling"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a heat pump; `alarms` are the names of those that are on."""

    ts: datetime
    device_id: str
    compressor_on: bool | None
    hotwater_production: bool | None
    flowlinepump_on: bool | None
    brinepump_on: bool | None
    aux_heater_3kw_on: bool | None
    aux_heater_6kw_on: bool | None
    outdoor_temp: float | None
    supplyline_temp: float | None
    returnline_temp: float | None
    hotwater_temp: float | None
    brine_out_temp: float | None
    brine_in_temp: float | None
    indoor_temp: float | None
    integral: int | None
    integral_trend: Trend | None
    alarms: list[str] | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the house: by how many hours the run times grew, and averages weighted by time."""

    day: datetime
    daily_runtime_compressor_increase: float | None
    daily_runtime_hotwater_increase: float | None
    daily_runtime_3kw_increase: float | None
    daily_runtime_6kw_increase: float | None
    avg_outdoor_temp: float | None
    avg_supplyline_temp: float | None
    avg_returnline_temp: float | None
    avg_hotwater_temp: float | None
    avg_brine_out_temp: float | None
    avg_brine_in_temp: float | None


def reading_latest(*, device_id: str | None, until: datetime | None = None) -> Reading | None:
    """Return the newest reading of one heat pump or of all, if there is any; `until` leaves out what is dated later."""
    newest = f"WHERE {UNTIL} ORDER BY time DESC"
    if device_id is not None:
        # In this order only the primary key has them, which is a probe for a pump that was replaced long ago, too. An
        # equality would let the server take the index of time, and search for the pump.
        newest = (
            f"WHERE device_id BETWEEN %(device_id)s AND %(device_id)s AND {UNTIL} ORDER BY device_id DESC, time DESC"
        )
    return Selection(
        Reading,
        f"""
        SELECT time, device_id, compressor_on, hotwater_production, flowlinepump_on, brinepump_on, aux_heater_3kw_on,
            aux_heater_6kw_on, outdoor_temp, supplyline_temp, returnline_temp, hotwater_temp, brine_out_temp,
            brine_in_temp, indoor_temp, integral, trend, alarms
        FROM (SELECT * FROM heatpump_status {newest} LIMIT 1) AS newest
        LEFT JOIN LATERAL (
            SELECT CASE WHEN newest.integral - earlier.integral >= %(moved)s THEN 'rising'
                WHEN newest.integral - earlier.integral <= -%(moved)s THEN 'falling' ELSE 'stable' END AS trend
            FROM heatpump_status AS earlier
            WHERE earlier.device_id = newest.device_id AND earlier.time >= newest.time - interval '30 minutes'
              AND earlier.time < newest.time AND earlier.integral IS NOT NULL AND newest.integral IS NOT NULL
            ORDER BY earlier.time LIMIT 1
        ) AS half_an_hour ON true
        """,  # noqa: S608 - the order is one of ours
        {"device_id": device_id, "until": until, "moved": MOVED_BY},
    ).first()


@dataclass(frozen=True, slots=True)
class Moment:
    """Averages of an interval that starts at `start`: temperatures in degC, the integral in degC min."""

    start: datetime
    supplyline_temp: float | None
    returnline_temp: float | None
    hotwater_temp: float | None
    outdoor_temp: float | None
    indoor_temp: float | None
    brine_in_temp: float | None
    brine_out_temp: float | None
    integral: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """A time in which the compressor ran without a pause."""

    start: datetime
    end: datetime


def moments(*, start: datetime, end: datetime, seconds: int, device_id: str) -> Selection[Moment]:
    """Select averages over intervals of some seconds, from the readings: for a range of days, not of months."""
    return Selection(
        Moment,
        """
        SELECT date_bin(make_interval(secs => %(seconds)s), time, %(start)s), avg(supplyline_temp),
            avg(returnline_temp), avg(hotwater_temp), avg(outdoor_temp), avg(indoor_temp), avg(brine_in_temp),
            avg(brine_out_temp), avg(integral)::float8
        FROM heatpump_status WHERE device_id = %(device_id)s AND time >= %(start)s AND time < %(end)s
        GROUP BY 1 ORDER BY 1
        """,
        {"start": start, "end": end, "seconds": seconds, "device_id": device_id},
    )


def hours(*, start: datetime, end: datetime, device_id: str) -> Selection[Moment]:
    """Select the averages of hours, which are added up already; of the integral there are none."""
    return Selection(
        Moment,
        """
        SELECT hour_start, avg_supplyline_temp, avg_returnline_temp, avg_hotwater_temp, avg_outdoor_temp,
            avg_indoor_temp, avg_brine_in_temp, avg_brine_out_temp, NULL
        FROM heatpump_hourly
        WHERE device_id = %(device_id)s AND hour_start >= %(start)s AND hour_start < %(end)s ORDER BY 1
        """,
        {"start": start, "end": end, "device_id": device_id},
    )


def compressor_runs(*, start: datetime, end: datetime, device_id: str) -> Selection[Run]:
    """Select when the compressor ran. A reading holds until the next one, but no longer than five minutes."""
    return Selection(
        Run,
        """
        SELECT lower(run), upper(run)
        FROM (
            SELECT unnest(range_agg(tstzrange(time, least(next_time, time + interval '5 minutes')))) AS run
            FROM (
                SELECT time, compressor_on, lead(time, 1, time) OVER (ORDER BY time) AS next_time
                FROM heatpump_status
                WHERE device_id = %(device_id)s AND time >= %(start)s AND time < %(end)s AND compressor_on IS NOT NULL
            ) AS readings
            WHERE compressor_on
        ) AS runs
        ORDER BY 1
        """,
        {"start": start, "end": end, "device_id": device_id},
    )


def days(*, start: datetime, end: datetime, device_id: str | None) -> Selection[Day]:
    """Select the days of one heat pump, or of all: their run times are summed, and their averages averaged."""
    return Selection(
        Day,
        """
        SELECT day, sum(daily_runtime_compressor_increase), sum(daily_runtime_hotwater_increase),
            sum(daily_runtime_3kw_increase), sum(daily_runtime_6kw_increase), avg(avg_outdoor_temp),
            avg(avg_supplyline_temp), avg(avg_returnline_temp), avg(avg_hotwater_temp), avg(avg_brine_out_temp),
            avg(avg_brine_in_temp)
        FROM heatpump_days(%(device_id)s, %(start)s, %(end)s) GROUP BY day ORDER BY day
        """,
        {"start": start, "end": end, "device_id": device_id},
    )

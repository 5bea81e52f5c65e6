-- Migration: 012_energy
-- Description: Energy by quarter, hour, day, month and year: functions for a range, which the API calls, and views of
-- all of it, which other tools read by name. An interval belongs to a range if its start does.

CREATE VIEW energy AS
SELECT time AS ts, device_serial, active_energy_total AS consumption_total_w,
    active_power_total AS consumption_total_actual_w, active_power_l1 AS consumption_l1_actual_w,
    active_power_l2 AS consumption_l2_actual_w, active_power_l3 AS consumption_l3_actual_w,
    active_production_total AS production_actual_w
FROM energy_consumption;

CREATE FUNCTION power_quarters_between(of_device text, from_time timestamptz, to_time timestamptz)
RETURNS SETOF power_quarters
LANGUAGE sql STABLE
AS $$
    WITH unstored AS MATERIALIZED (
        SELECT fresh.*
        FROM (
            SELECT m.device, array_agg(DISTINCT m.quarter) AS quarters FROM rollup_marks m
            WHERE m.series = 'energy_consumption' AND (of_device IS NULL OR m.device = of_device)
              AND m.quarter >= from_time AND m.quarter < to_time
            GROUP BY m.device
        ) AS marked
        CROSS JOIN LATERAL power_rollup(marked.device, marked.quarters) AS fresh
    )
    SELECT * FROM power_quarters s
    WHERE (of_device IS NULL OR s.device = of_device) AND s.quarter >= from_time AND s.quarter < to_time
      AND NOT EXISTS (SELECT FROM unstored u WHERE u.device = s.device AND u.quarter = s.quarter)
    UNION ALL
    SELECT * FROM unstored
$$;

CREATE FUNCTION energy_quarters(of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (device_serial text, quarter_start timestamptz, energy_wh double precision,
               total_w double precision, total_seconds double precision, l1_w double precision,
               l1_seconds double precision, l2_w double precision, l2_seconds double precision, l3_w double precision,
               l3_seconds double precision, max_total_w integer, measurement_count bigint,
               covered_seconds double precision)
LANGUAGE sql STABLE
AS $$
    SELECT c.device, c.quarter, c.amount, p.total_w, p.total_seconds, p.l1_w, p.l1_seconds, p.l2_w, p.l2_seconds,
        p.l3_w, p.l3_seconds, p.max_total_w, c.measurement_count, c.covered_seconds
    FROM counter_quarters_between('energy', of_device, from_time, to_time) c
    LEFT JOIN power_quarters_between(of_device, from_time, to_time) p ON p.device = c.device AND p.quarter = c.quarter
$$;

-- The first full hour that does not start before a moment.
CREATE FUNCTION next_hour(moment timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT hour_of(moment + interval '1 hour' - interval '1 microsecond') $$;

CREATE FUNCTION energy_hours(of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (device_serial text, hour_start timestamptz, hour_end timestamptz, total_energy_kwh double precision,
               avg_power_l1_kw double precision, avg_power_l2_kw double precision, avg_power_l3_kw double precision,
               avg_power_total_kw double precision, max_power_total_kw double precision, measurement_count bigint,
               coverage double precision)
LANGUAGE sql STABLE
AS $$
    SELECT q.device_serial, hour_of(q.quarter_start), hour_of(q.quarter_start) + interval '1 hour',
        sum(q.energy_wh) / 1000,
        sum(q.l1_w * q.l1_seconds) / nullif(sum(q.l1_seconds), 0) / 1000,
        sum(q.l2_w * q.l2_seconds) / nullif(sum(q.l2_seconds), 0) / 1000,
        sum(q.l3_w * q.l3_seconds) / nullif(sum(q.l3_seconds), 0) / 1000,
        sum(q.total_w * q.total_seconds) / nullif(sum(q.total_seconds), 0) / 1000,
        max(q.max_total_w) / 1000.0::float8,
        sum(q.measurement_count)::bigint, sum(q.covered_seconds) / 3600
    FROM energy_quarters(of_device, next_hour(from_time), next_hour(to_time)) q
    GROUP BY q.device_serial, hour_of(q.quarter_start)
$$;

CREATE FUNCTION energy_days(of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (device_serial text, day_start timestamptz, day_end timestamptz, energy_consumption_kwh double precision,
               measurement_count bigint, coverage double precision)
LANGUAGE sql STABLE
AS $$
    SELECT d.device, d.day, house_end('day', d.day), d.amount / 1000, d.measurement_count,
        d.covered_seconds / extract(epoch FROM house_end('day', d.day) - d.day)::float8
    FROM counter_days_between('energy', of_device, from_time, to_time) d
$$;

-- `unit` is month or year.
CREATE FUNCTION energy_periods(unit text, of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (device_serial text, period_start timestamptz, period_end timestamptz,
               energy_consumption_kwh double precision, measurement_count bigint, coverage double precision)
LANGUAGE sql STABLE
AS $$
    SELECT p.device, p.start, house_end(unit, p.start), p.amount / 1000, p.measurement_count,
        p.covered_seconds / extract(epoch FROM house_end(unit, p.start) - p.start)::float8
    FROM (
        SELECT d.device, date_trunc(unit, d.day, h.time_zone) AS start, sum(d.amount) AS amount,
            sum(d.measurement_count)::bigint AS measurement_count, sum(d.covered_seconds) AS covered_seconds
        FROM counter_days_between('energy', of_device, from_time, house_end(unit, house_start(unit, to_time))) d, house h
        GROUP BY 1, 2
    ) p
    WHERE p.start >= from_time AND p.start < to_time
$$;

-- consumption_total_w is the energy of the quarter in Wh, under the name that older dashboards read.
CREATE VIEW energy_quarterly AS
SELECT quarter_start AS ts, device_serial, energy_wh AS consumption_total_w, total_w AS consumption_total_actual_w,
    l1_w AS consumption_l1_actual_w, l2_w AS consumption_l2_actual_w, l3_w AS consumption_l3_actual_w,
    energy_wh, max_total_w, measurement_count, covered_seconds / 900 AS coverage
FROM energy_quarters(NULL, '-infinity', 'infinity');

CREATE VIEW energy_hourly AS
SELECT * FROM energy_hours(NULL, '-infinity', 'infinity');

CREATE VIEW energy_daily_summary AS
SELECT * FROM energy_days(NULL, '-infinity', 'infinity');

CREATE VIEW energy_monthly_summary AS
SELECT device_serial, period_start AS month_start, period_end AS month_end, energy_consumption_kwh, measurement_count,
    coverage
FROM energy_periods('month', NULL, '-infinity', 'infinity');

CREATE VIEW energy_yearly_summary AS
SELECT device_serial, period_start AS year_start, period_end AS year_end, energy_consumption_kwh, measurement_count,
    coverage
FROM energy_periods('year', NULL, '-infinity', 'infinity');

INSERT INTO schema_migrations (version, name) VALUES (12, 'energy');

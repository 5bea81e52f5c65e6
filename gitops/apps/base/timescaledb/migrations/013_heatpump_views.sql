-- Migration: 013_heatpump_views
-- Description: What the API and other tools read of heat pumps: hours and days. Temperatures in degC are averages
-- weighted by time, run times in h.

-- Finds the first hour and the last.
CREATE INDEX heatpump_hours_hour_idx ON heatpump_hours (hour);

-- The hours as they are now.
CREATE VIEW heatpump_hours_now AS
SELECT * FROM heatpump_hours stored
WHERE NOT EXISTS (
    SELECT FROM rollup_marks m
    WHERE m.series = 'heatpump_status' AND m.device = stored.device AND hour_of(m.quarter) = stored.hour
)
UNION ALL
SELECT fresh.*
FROM (
    SELECT device, array_agg(DISTINCT quarter) AS quarters FROM rollup_marks
    WHERE series = 'heatpump_status' GROUP BY device
) AS marked
CROSS JOIN LATERAL heatpump_rollup(marked.device, marked.quarters) AS fresh;

-- compressor_share is the share of the time, 0 to 1, in which the compressor ran.
CREATE VIEW heatpump_hourly AS
SELECT device AS device_id, hour AS hour_start, hour + interval '1 hour' AS hour_end, outdoor_temp AS avg_outdoor_temp,
    supplyline_temp AS avg_supplyline_temp, returnline_temp AS avg_returnline_temp, hotwater_temp AS avg_hotwater_temp,
    brine_out_temp AS avg_brine_out_temp, brine_in_temp AS avg_brine_in_temp, indoor_temp AS avg_indoor_temp,
    compressor_on AS compressor_share, measurement_count
FROM heatpump_hours_now;

-- The days of the house that start in a range, of one device or of all (null). An hour belongs to the day in which it
-- starts, which is looked up, since asking for the local time of each hour of five years takes longer than all the rest.
CREATE FUNCTION heatpump_days(of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (
    device_id text, day timestamptz, daily_runtime_compressor_increase double precision,
    daily_runtime_hotwater_increase double precision, daily_runtime_3kw_increase double precision,
    daily_runtime_6kw_increase double precision, avg_outdoor_temp double precision,
    avg_supplyline_temp double precision, avg_returnline_temp double precision, avg_hotwater_temp double precision,
    avg_brine_out_temp double precision, avg_brine_in_temp double precision
)
LANGUAGE sql STABLE
AS $$
    WITH span AS (
        SELECT greatest(from_time, least((SELECT min(hour) FROM heatpump_hours), min(hour_of(quarter)))) AS first,
            least(to_time + interval '25 hours', greatest((SELECT max(hour) FROM heatpump_hours), max(quarter))) AS last
        FROM rollup_marks WHERE series = 'heatpump_status'
    ),
    days AS MATERIALIZED (
        SELECT array_agg(midnight AT TIME ZONE time_zone ORDER BY midnight) AS starts
        FROM house, span, generate_series(
            date_trunc('day', first AT TIME ZONE time_zone), last AT TIME ZONE time_zone, interval '1 day'
        ) AS midnight
    )
    SELECT device, day,
        max(amount) FILTER (WHERE counter = 'runtime_compressor'), max(amount) FILTER (WHERE counter = 'runtime_hotwater'),
        max(amount) FILTER (WHERE counter = 'runtime_3kw'), max(amount) FILTER (WHERE counter = 'runtime_6kw'),
        max(outdoor_temp), max(supplyline_temp), max(returnline_temp), max(hotwater_temp), max(brine_out_temp),
        max(brine_in_temp)
    FROM (
        -- Sums of floating-point numbers, back at the counters' unit.
        SELECT device, day, counter, round(amount * 10000) / 10000 AS amount, NULL::float8 AS outdoor_temp,
            NULL::float8 AS supplyline_temp, NULL::float8 AS returnline_temp, NULL::float8 AS hotwater_temp,
            NULL::float8 AS brine_out_temp, NULL::float8 AS brine_in_temp
        FROM counters CROSS JOIN LATERAL counter_days_between(counters.counter, of_device, from_time, to_time)
        WHERE counters.series = 'heatpump_status'
        UNION ALL
        SELECT device, min(starts[width_bucket(hour, starts)]), NULL, NULL,
            sum(outdoor_temp * outdoor_temp_seconds) / nullif(sum(outdoor_temp_seconds), 0),
            sum(supplyline_temp * supplyline_temp_seconds) / nullif(sum(supplyline_temp_seconds), 0),
            sum(returnline_temp * returnline_temp_seconds) / nullif(sum(returnline_temp_seconds), 0),
            sum(hotwater_temp * hotwater_temp_seconds) / nullif(sum(hotwater_temp_seconds), 0),
            sum(brine_out_temp * brine_out_temp_seconds) / nullif(sum(brine_out_temp_seconds), 0),
            sum(brine_in_temp * brine_in_temp_seconds) / nullif(sum(brine_in_temp_seconds), 0)
        FROM heatpump_hours_now, days
        WHERE (of_device IS NULL OR device = of_device) AND hour >= from_time AND hour < to_time + interval '25 hours'
        GROUP BY device, width_bucket(hour, starts)
    ) AS parts
    WHERE day >= from_time AND day < to_time
    GROUP BY device, day
$$;

CREATE VIEW heatpump_daily_summary AS SELECT * FROM heatpump_days(NULL, '-infinity', 'infinity');

INSERT INTO schema_migrations (version, name) VALUES (13, 'heatpump_views');

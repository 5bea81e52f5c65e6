-- Migration: 013_heatpump_views
-- Description: What the API and other tools read of heat pumps: hours and days. Temperatures in degC are averages
-- weighted by time, run times in h.

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

-- The days of the house that start between two moments; an hour belongs to the day in which it starts. The bounds are
-- arguments, since a condition on the days of a view would have to read every hour there is.
CREATE FUNCTION heatpump_days(since timestamptz, until timestamptz)
RETURNS TABLE (
    device_id text, day timestamptz, daily_runtime_compressor_increase double precision,
    daily_runtime_hotwater_increase double precision, daily_runtime_3kw_increase double precision,
    daily_runtime_6kw_increase double precision, avg_outdoor_temp double precision,
    avg_supplyline_temp double precision, avg_returnline_temp double precision, avg_hotwater_temp double precision,
    avg_brine_out_temp double precision, avg_brine_in_temp double precision
)
LANGUAGE sql STABLE
AS $$
    SELECT device, day,
        max(amount) FILTER (WHERE counter = 'runtime_compressor'), max(amount) FILTER (WHERE counter = 'runtime_hotwater'),
        max(amount) FILTER (WHERE counter = 'runtime_3kw'), max(amount) FILTER (WHERE counter = 'runtime_6kw'),
        max(outdoor_temp), max(supplyline_temp), max(returnline_temp), max(hotwater_temp), max(brine_out_temp),
        max(brine_in_temp)
    FROM (
        -- Sums of floating-point numbers, back at the counters' unit.
        SELECT device, day, counter, round(amount::numeric, 4)::float8 AS amount, NULL::float8 AS outdoor_temp,
            NULL::float8 AS supplyline_temp, NULL::float8 AS returnline_temp, NULL::float8 AS hotwater_temp,
            NULL::float8 AS brine_out_temp, NULL::float8 AS brine_in_temp
        FROM counters CROSS JOIN LATERAL counter_days_between(counters.counter, NULL, since, until)
        WHERE counters.series = 'heatpump_status'
        UNION ALL
        SELECT device, date_trunc('day', min(hour), time_zone), NULL, NULL,
            sum(outdoor_temp * seconds) / nullif(sum(seconds) FILTER (WHERE outdoor_temp IS NOT NULL), 0),
            sum(supplyline_temp * seconds) / nullif(sum(seconds) FILTER (WHERE supplyline_temp IS NOT NULL), 0),
            sum(returnline_temp * seconds) / nullif(sum(seconds) FILTER (WHERE returnline_temp IS NOT NULL), 0),
            sum(hotwater_temp * seconds) / nullif(sum(seconds) FILTER (WHERE hotwater_temp IS NOT NULL), 0),
            sum(brine_out_temp * seconds) / nullif(sum(seconds) FILTER (WHERE brine_out_temp IS NOT NULL), 0),
            sum(brine_in_temp * seconds) / nullif(sum(seconds) FILTER (WHERE brine_in_temp IS NOT NULL), 0)
        FROM heatpump_hours_now CROSS JOIN house
        WHERE hour >= since AND hour < until + interval '25 hours'
        GROUP BY device, time_zone, (hour AT TIME ZONE time_zone)::date
    ) AS parts
    WHERE day >= since AND day < until
    GROUP BY device, day
$$;

CREATE VIEW heatpump_daily_summary AS SELECT * FROM heatpump_days('-infinity', 'infinity');

INSERT INTO schema_migrations (version, name) VALUES (13, 'heatpump_views');

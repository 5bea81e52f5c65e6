-- Migration: 010_averages
-- Description: What readings were in a quarter (power) or an hour (temperatures): how many, their averages weighted by
-- time, their extremes. A reading counts from its time until the next one, but not longer than its device may be
-- silent, and not past the interval's end. Beside each average is for how many seconds there was a value, which is what
-- it weighs in that of a longer interval.

CREATE TABLE power_quarters (
    device text NOT NULL,
    quarter timestamptz NOT NULL,
    measurement_count bigint NOT NULL,
    total_w double precision,
    total_seconds double precision,
    l1_w double precision,
    l1_seconds double precision,
    l2_w double precision,
    l2_seconds double precision,
    l3_w double precision,
    l3_seconds double precision,
    max_total_w integer,
    PRIMARY KEY (device, quarter)
);

CREATE TABLE heatpump_hours (
    device text NOT NULL,
    hour timestamptz NOT NULL,
    measurement_count bigint NOT NULL,
    outdoor_temp double precision,
    outdoor_temp_seconds double precision,
    supplyline_temp double precision,
    supplyline_temp_seconds double precision,
    returnline_temp double precision,
    returnline_temp_seconds double precision,
    hotwater_temp double precision,
    hotwater_temp_seconds double precision,
    brine_out_temp double precision,
    brine_out_temp_seconds double precision,
    brine_in_temp double precision,
    brine_in_temp_seconds double precision,
    indoor_temp double precision,
    indoor_temp_seconds double precision,
    -- Share of the time.
    compressor_on double precision,
    compressor_on_seconds double precision,
    PRIMARY KEY (device, hour)
);

CREATE TABLE temperature_hours (
    device text NOT NULL,
    hour timestamptz NOT NULL,
    location text,
    measurement_count bigint NOT NULL,
    temperature_c double precision,
    temperature_c_seconds double precision,
    humidity double precision,
    humidity_seconds double precision,
    min_temperature_c double precision,
    max_temperature_c double precision,
    PRIMARY KEY (device, hour)
);
CREATE INDEX temperature_hours_location_idx ON temperature_hours (location, hour);

-- Where each sensor has been, and the time of its newest reading there.
CREATE TABLE temperature_places (
    device text NOT NULL,
    location text NOT NULL,
    newest timestamptz NOT NULL,
    PRIMARY KEY (device, location)
);

-- An average weighted by the seconds for which each value holds; null values take no part.
CREATE FUNCTION add_weighted(state double precision[], value double precision, seconds double precision)
RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN value IS NULL OR seconds IS NULL THEN state
                ELSE ARRAY[state[1] + value * seconds, state[2] + seconds] END
$$;
CREATE FUNCTION weighted_result(state double precision[]) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT state[1] / nullif(state[2], 0) $$;
CREATE AGGREGATE weighted_avg(value double precision, seconds double precision) (
    SFUNC = add_weighted, STYPE = double precision[], FINALFUNC = weighted_result, INITCOND = '{0,0}', PARALLEL = SAFE
);

-- The seconds of an interval for which a reading holds.
CREATE FUNCTION seconds_held(from_time timestamptz, next_time timestamptz, interval_start timestamptz,
                             interval_end timestamptz, longest interval) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT greatest(0, extract(epoch FROM least(next_time, interval_end, from_time + longest)
        - greatest(from_time, interval_start)))::float8
$$;

CREATE FUNCTION hour_of(moment timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT date_bin('1 hour', moment, '2000-01-01 00:00:00+00') $$;

-- The aggregate above is too slow for the many readings of a meter.
CREATE FUNCTION power_rollup(of_device text, marked timestamptz[]) RETURNS SETOF power_quarters
LANGUAGE sql STABLE
AS $$
    SELECT of_device, m.quarter, stats.*
    FROM unnest(marked) AS m (quarter)
    CROSS JOIN LATERAL (
        SELECT count(*),
            sum(active_power_total * held) / nullif(sum(held) FILTER (WHERE active_power_total IS NOT NULL), 0),
            sum(held) FILTER (WHERE active_power_total IS NOT NULL),
            sum(active_power_l1 * held) / nullif(sum(held) FILTER (WHERE active_power_l1 IS NOT NULL), 0),
            sum(held) FILTER (WHERE active_power_l1 IS NOT NULL),
            sum(active_power_l2 * held) / nullif(sum(held) FILTER (WHERE active_power_l2 IS NOT NULL), 0),
            sum(held) FILTER (WHERE active_power_l2 IS NOT NULL),
            sum(active_power_l3 * held) / nullif(sum(held) FILTER (WHERE active_power_l3 IS NOT NULL), 0),
            sum(held) FILTER (WHERE active_power_l3 IS NOT NULL),
            max(active_power_total)
        FROM (
            SELECT active_power_total, active_power_l1, active_power_l2, active_power_l3,
                seconds_held(time, lead(time) OVER (ORDER BY time), m.quarter, m.quarter + interval '15 minutes',
                    '5 minutes') AS held
            FROM energy_consumption
            WHERE device_serial = of_device AND time >= m.quarter AND time < m.quarter + interval '15 minutes'
        ) readings
        HAVING count(*) > 0
    ) AS stats
$$;

CREATE FUNCTION heatpump_rollup(of_device text, marked timestamptz[]) RETURNS SETOF heatpump_hours
LANGUAGE sql STABLE
AS $$
    SELECT of_device, m.hour, stats.*
    FROM (SELECT DISTINCT hour_of(quarter) AS hour FROM unnest(marked) AS q (quarter)) AS m
    CROSS JOIN LATERAL (
        SELECT count(*),
            weighted_avg(outdoor_temp, held), sum(held) FILTER (WHERE outdoor_temp IS NOT NULL),
            weighted_avg(supplyline_temp, held), sum(held) FILTER (WHERE supplyline_temp IS NOT NULL),
            weighted_avg(returnline_temp, held), sum(held) FILTER (WHERE returnline_temp IS NOT NULL),
            weighted_avg(hotwater_temp, held), sum(held) FILTER (WHERE hotwater_temp IS NOT NULL),
            weighted_avg(brine_out_temp, held), sum(held) FILTER (WHERE brine_out_temp IS NOT NULL),
            weighted_avg(brine_in_temp, held), sum(held) FILTER (WHERE brine_in_temp IS NOT NULL),
            weighted_avg(indoor_temp, held), sum(held) FILTER (WHERE indoor_temp IS NOT NULL),
            weighted_avg(compressor_on::integer, held), sum(held) FILTER (WHERE compressor_on IS NOT NULL)
        FROM (
            SELECT *, seconds_held(time, lead(time) OVER (ORDER BY time), m.hour, m.hour + interval '1 hour',
                '5 minutes') AS held
            FROM heatpump_status
            WHERE device_id = of_device AND time >= m.hour AND time < m.hour + interval '1 hour'
        ) readings
        HAVING count(*) > 0
    ) AS stats
$$;

-- A room sensor that sees no change is silent for two hours, so its last reading reaches into the hours after it.
CREATE FUNCTION temperature_rollup(of_device text, marked timestamptz[]) RETURNS SETOF temperature_hours
LANGUAGE sql STABLE
AS $$
    SELECT of_device, m.hour, stats.*
    FROM (
        SELECT DISTINCT hour_of(quarter) + later.hours AS hour
        FROM unnest(marked) AS q (quarter),
            (VALUES (interval '0'), (interval '1 hour'), (interval '2 hours')) AS later (hours)
    ) AS m
    CROSS JOIN LATERAL (
        SELECT (array_agg(location ORDER BY time DESC))[1], count(*) FILTER (WHERE time >= m.hour),
            weighted_avg(temperature_c, held), sum(held) FILTER (WHERE temperature_c IS NOT NULL),
            weighted_avg(humidity, held), sum(held) FILTER (WHERE humidity IS NOT NULL),
            min(temperature_c) FILTER (WHERE held > 0), max(temperature_c) FILTER (WHERE held > 0)
        FROM (
            SELECT *, seconds_held(time, lead(time) OVER (ORDER BY time), m.hour, m.hour + interval '1 hour',
                '130 minutes') AS held
            FROM temperature_sensors
            WHERE device_id = of_device AND time >= m.hour - interval '130 minutes' AND time < m.hour + interval '1 hour'
        ) readings
        HAVING count(*) FILTER (WHERE time >= m.hour) > 0 OR (sum(held) > 0 AND m.hour <= now())
    ) AS stats
$$;

-- Where the sensor was in its marked quarters.
CREATE FUNCTION places_rollup(of_device text, marked timestamptz[]) RETURNS SETOF temperature_places
LANGUAGE sql STABLE
AS $$
    SELECT of_device, location, max(time)
    FROM unnest(marked) AS m (quarter)
    JOIN temperature_sensors ON device_id = of_device AND time >= m.quarter AND time < m.quarter + interval '15 minutes'
    WHERE location IS NOT NULL
    GROUP BY location
$$;

INSERT INTO schema_migrations (version, name) VALUES (10, 'averages');

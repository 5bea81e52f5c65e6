-- Migration: 011_refresh_rollups
-- Description: Stores what the marked quarters change, and forgets the marks. Reading gives the same answers before and
-- after; storing keeps it quick, and keeps what the raw rows said after they expire.

-- Where fewer rows are left than were counted, they have expired, and what was stored stands.
CREATE FUNCTION store_averages(of_series name, of_device text, marked timestamptz[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF of_series = 'energy_consumption' THEN
        INSERT INTO power_quarters AS stored SELECT * FROM power_rollup(of_device, marked)
        ON CONFLICT (device, quarter) DO UPDATE SET
            measurement_count = excluded.measurement_count, total_w = excluded.total_w,
            total_seconds = excluded.total_seconds, l1_w = excluded.l1_w, l1_seconds = excluded.l1_seconds,
            l2_w = excluded.l2_w, l2_seconds = excluded.l2_seconds, l3_w = excluded.l3_w,
            l3_seconds = excluded.l3_seconds, max_total_w = excluded.max_total_w
        WHERE stored.measurement_count <= excluded.measurement_count;
    ELSIF of_series = 'heatpump_status' THEN
        INSERT INTO heatpump_hours AS stored SELECT * FROM heatpump_rollup(of_device, marked)
        ON CONFLICT (device, hour) DO UPDATE SET
            measurement_count = excluded.measurement_count, outdoor_temp = excluded.outdoor_temp,
            outdoor_temp_seconds = excluded.outdoor_temp_seconds, supplyline_temp = excluded.supplyline_temp,
            supplyline_temp_seconds = excluded.supplyline_temp_seconds, returnline_temp = excluded.returnline_temp,
            returnline_temp_seconds = excluded.returnline_temp_seconds, hotwater_temp = excluded.hotwater_temp,
            hotwater_temp_seconds = excluded.hotwater_temp_seconds, brine_out_temp = excluded.brine_out_temp,
            brine_out_temp_seconds = excluded.brine_out_temp_seconds, brine_in_temp = excluded.brine_in_temp,
            brine_in_temp_seconds = excluded.brine_in_temp_seconds, indoor_temp = excluded.indoor_temp,
            indoor_temp_seconds = excluded.indoor_temp_seconds, compressor_on = excluded.compressor_on,
            compressor_on_seconds = excluded.compressor_on_seconds
        WHERE stored.measurement_count <= excluded.measurement_count;
    ELSE
        INSERT INTO temperature_hours AS stored SELECT * FROM temperature_rollup(of_device, marked)
        ON CONFLICT (device, hour) DO UPDATE SET
            location = excluded.location, measurement_count = excluded.measurement_count,
            temperature_c = excluded.temperature_c, temperature_c_seconds = excluded.temperature_c_seconds,
            humidity = excluded.humidity, humidity_seconds = excluded.humidity_seconds,
            min_temperature_c = excluded.min_temperature_c, max_temperature_c = excluded.max_temperature_c
        WHERE stored.measurement_count <= excluded.measurement_count;
        INSERT INTO temperature_places AS stored SELECT * FROM places_rollup(of_device, marked)
        ON CONFLICT (device, location) DO UPDATE SET newest = excluded.newest
        WHERE stored.newest < excluded.newest;
    END IF;
END
$$;

CREATE FUNCTION store_counter(which counters, of_device text, marked timestamptz[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    changed counter_quarters[];
BEGIN
    -- The rollup reads the table that it is stored in, so it is complete before the first row is written.
    changed := ARRAY(SELECT c FROM counter_rollup(which, of_device, marked) c);
    IF changed = '{}' THEN
        RETURN;
    END IF;
    INSERT INTO counter_quarters SELECT * FROM unnest(changed)
    ON CONFLICT (counter, device, quarter) DO UPDATE SET
        amount = excluded.amount, covered_seconds = excluded.covered_seconds,
        measurement_count = excluded.measurement_count, first_time = excluded.first_time,
        first_value = excluded.first_value, starts_run = excluded.starts_run, last_time = excluded.last_time,
        last_value = excluded.last_value, inside_amount = excluded.inside_amount,
        inside_seconds = excluded.inside_seconds, settled = excluded.settled;
    PERFORM store_days(which.counter, of_device, min(c.quarter), max(c.quarter)) FROM unnest(changed) c;
END
$$;

-- Adds up the days of a device that two quarters and all between them lie in.
CREATE FUNCTION store_days(of_counter text, of_device text, first_quarter timestamptz, last_quarter timestamptz)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO counter_days
    SELECT counter, device, house_start('day', quarter), sum(amount), sum(covered_seconds), sum(measurement_count)
    FROM counter_quarters
    WHERE counter = of_counter AND device = of_device AND quarter >= house_start('day', first_quarter)
      AND quarter < house_end('day', house_start('day', last_quarter))
    GROUP BY 1, 2, 3
    ON CONFLICT (counter, device, day) DO UPDATE SET
        amount = excluded.amount, covered_seconds = excluded.covered_seconds,
        measurement_count = excluded.measurement_count
$$;

-- Returns how many devices had something new. One at a time is at work; a second one waits for it.
CREATE FUNCTION refresh_rollups() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    seen bigint[];
    marked record;
    devices integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('refresh_rollups'));
    -- Only these are forgotten at the end: a reading that comes meanwhile has a mark of its own.
    seen := ARRAY(SELECT id FROM rollup_marks);
    FOR marked IN
        SELECT series, device, array_agg(DISTINCT quarter ORDER BY quarter) AS quarters
        FROM rollup_marks WHERE id = ANY (seen) GROUP BY series, device
    LOOP
        PERFORM store_counter(counters, marked.device, marked.quarters) FROM counters WHERE series = marked.series;
        PERFORM store_averages(marked.series, marked.device, marked.quarters);
        devices := devices + 1;
    END LOOP;
    DELETE FROM rollup_marks WHERE id = ANY (seen);
    RETURN devices;
END
$$;
REVOKE EXECUTE ON FUNCTION refresh_rollups() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_rollups() TO telemetry_sink;

-- Tells the database what the house's settings say. Days are added up again if the time zone is another one, and
-- readings are judged again, as far as they have not expired, if meters can measure more or less than before.
CREATE FUNCTION set_house(time_zone text, meter_max_kw double precision) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    moved boolean;
    judged_otherwise boolean;
BEGIN
    -- A rollup that is under way would store days of the zone before.
    PERFORM pg_advisory_xact_lock(hashtext('refresh_rollups'));
    SELECT h.time_zone <> set_house.time_zone, h.meter_max_kw <> set_house.meter_max_kw INTO moved, judged_otherwise
    FROM house h;
    UPDATE house h SET time_zone = set_house.time_zone, meter_max_kw = set_house.meter_max_kw;
    UPDATE counters SET max_per_hour = set_house.meter_max_kw * 1000 WHERE counter = 'energy';
    IF judged_otherwise THEN
        INSERT INTO rollup_marks (series, device, quarter)
        SELECT 'energy_consumption', device, quarter FROM counter_quarters
        WHERE counter = 'energy' AND measurement_count > 0;
    END IF;
    IF moved THEN
        DELETE FROM counter_days;
        PERFORM store_days(q.counter, q.device, min(q.quarter), max(q.quarter))
        FROM counter_quarters q GROUP BY q.counter, q.device;
    END IF;
END
$$;

INSERT INTO schema_migrations (version, name) VALUES (11, 'refresh_rollups');

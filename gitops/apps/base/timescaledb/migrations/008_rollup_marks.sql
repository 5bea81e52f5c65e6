-- Migration: 008_rollup_marks
-- Description: Which quarters of which device have readings that no rollup has seen yet.

-- A mark is only ever added, never shared: refresh_rollups() removes the marks that it saw, so a reading that is
-- committed while it runs keeps its own mark and is seen by the next one.
CREATE TABLE rollup_marks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series name NOT NULL,
    device text NOT NULL,
    quarter timestamptz NOT NULL
);

-- Arguments: the column of the device's id.
CREATE FUNCTION mark_for_rollup() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO rollup_marks (series, device, quarter) SELECT DISTINCT %L::name, %I, quarter_of(time) FROM fresh',
        TG_TABLE_NAME, TG_ARGV[0]
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER mark_for_rollup AFTER INSERT ON energy_consumption
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION mark_for_rollup('device_serial');
CREATE TRIGGER mark_for_rollup AFTER INSERT ON heatpump_status
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION mark_for_rollup('device_id');
CREATE TRIGGER mark_for_rollup AFTER INSERT ON temperature_sensors
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION mark_for_rollup('device_id');

INSERT INTO rollup_marks (series, device, quarter)
SELECT DISTINCT 'energy_consumption'::name, device_serial, quarter_of(time) FROM energy_consumption
UNION ALL
SELECT DISTINCT 'heatpump_status'::name, device_id, quarter_of(time) FROM heatpump_status
UNION ALL
SELECT DISTINCT 'temperature_sensors'::name, device_id, quarter_of(time) FROM temperature_sensors;

INSERT INTO schema_migrations (version, name) VALUES (8, 'rollup_marks');

-- Migration: 005_heatpump_status
-- Description: Readings of heat pumps. Temperatures in degC, run times in h, pump speed in percent, integral in degC
-- min; alarms are the names of those that are on.

-- The primary key makes a replay harmless, and finds a device's newest reading; the index finds the newest of all.
CREATE TABLE heatpump_status (
    time timestamptz NOT NULL,
    device_id text NOT NULL,
    outdoor_temp double precision,
    supplyline_temp double precision,
    returnline_temp double precision,
    hotwater_temp double precision,
    brine_out_temp double precision,
    brine_in_temp double precision,
    indoor_temp double precision,
    flowlinepump_speed integer,
    runtime_compressor integer,
    runtime_hotwater integer,
    runtime_3kw integer,
    runtime_6kw integer,
    brinepump_on boolean,
    compressor_on boolean,
    flowlinepump_on boolean,
    hotwater_production boolean,
    aux_heater_3kw_on boolean,
    aux_heater_6kw_on boolean,
    integral integer,
    alarms text[],
    PRIMARY KEY (device_id, time)
);
CREATE INDEX heatpump_status_time_idx ON heatpump_status (time DESC);

SELECT create_series('heatpump_status', 'device_id');

INSERT INTO schema_migrations (version, name) VALUES (5, 'heatpump_status');

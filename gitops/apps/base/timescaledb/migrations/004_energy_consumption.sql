-- Migration: 004_energy_consumption
-- Description: Readings of electricity meters. Power in W, energy counters in Wh, voltage in V, current in mA, power
-- factor in percent, signal in dBm.

-- The primary key makes a replay harmless, and finds a device's newest reading; the index finds the newest of all.
CREATE TABLE energy_consumption (
    time timestamptz NOT NULL,
    device_serial text NOT NULL,
    meter_type text,
    wifi_rssi integer,
    active_power_total integer,
    active_power_l1 integer,
    active_power_l2 integer,
    active_power_l3 integer,
    active_production_total integer,
    active_energy_total bigint,
    active_energy_production bigint,
    voltage_l1 double precision,
    voltage_l2 double precision,
    voltage_l3 double precision,
    current_l1 integer,
    current_l2 integer,
    current_l3 integer,
    power_factor double precision,
    PRIMARY KEY (device_serial, time)
);
CREATE INDEX energy_consumption_time_idx ON energy_consumption (time DESC);

SELECT create_series('energy_consumption', 'device_serial');

INSERT INTO schema_migrations (version, name) VALUES (4, 'energy_consumption');

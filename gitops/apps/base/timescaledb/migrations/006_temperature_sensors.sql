-- Migration: 006_temperature_sensors
-- Description: Readings of room and outdoor sensors. Temperature in degC and degF, humidity and battery in percent,
-- battery voltage in V, uptime in s, free memory in bytes, wind in m/s, pressure in hPa, signal in dBm.

-- The primary key makes a replay harmless, and finds a device's newest reading; the indexes find the newest of all
-- and the newest of a location.
CREATE TABLE temperature_sensors (
    time timestamptz NOT NULL,
    device_id text NOT NULL,
    mac_address text,
    location text,
    temperature_c double precision,
    temperature_f double precision,
    humidity double precision,
    wifi_rssi integer,
    battery_voltage double precision,
    battery_percent integer,
    external_power boolean,
    uptime bigint,
    ram_free bigint,
    wind_speed_ms double precision,
    pressure_hpa double precision,
    PRIMARY KEY (device_id, time)
);
CREATE INDEX temperature_sensors_time_idx ON temperature_sensors (time DESC);
CREATE INDEX temperature_sensors_location_time_idx ON temperature_sensors (location, time DESC);

SELECT create_series('temperature_sensors', 'device_id');

INSERT INTO schema_migrations (version, name) VALUES (6, 'temperature_sensors');

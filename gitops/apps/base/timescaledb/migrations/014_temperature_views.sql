-- Migration: 014_temperature_views
-- Description: What the API and other tools read of room and outdoor sensors: hours, and the newest reading of each
-- location.

-- The hours as they are now. A reading also reaches into the two hours after its own.
CREATE VIEW temperature_hours_now AS
SELECT * FROM temperature_hours stored
WHERE NOT EXISTS (
    SELECT FROM rollup_marks m
    WHERE m.series = 'temperature_sensors' AND m.device = stored.device
      AND hour_of(m.quarter) BETWEEN stored.hour - interval '2 hours' AND stored.hour
)
UNION ALL
SELECT fresh.*
FROM (
    SELECT device, array_agg(DISTINCT quarter) AS quarters FROM rollup_marks
    WHERE series = 'temperature_sensors' GROUP BY device
) AS marked
CROSS JOIN LATERAL temperature_rollup(marked.device, marked.quarters) AS fresh;

CREATE VIEW temperature_hourly AS
SELECT device AS device_id, location, hour AS hour_start, hour + interval '1 hour' AS hour_end,
    temperature_c AS avg_temperature_c, min_temperature_c, max_temperature_c, humidity AS avg_humidity,
    measurement_count
FROM temperature_hours_now;

-- The newest reading of each location. The raw rows are not searched for locations, since those that are compressed
-- have no index by location: which sensors have been there, and when last, is known, and so each is one probe by key.
CREATE VIEW temperature_latest AS
WITH places AS (
    SELECT device, newest FROM temperature_places
    UNION
    SELECT fresh.device, fresh.newest
    FROM (
        SELECT device, array_agg(DISTINCT quarter) AS quarters FROM rollup_marks
        WHERE series = 'temperature_sensors' GROUP BY device
    ) AS marked
    CROSS JOIN LATERAL places_rollup(marked.device, marked.quarters) AS fresh
)
SELECT DISTINCT ON (reading.location) reading.*
FROM places
CROSS JOIN LATERAL (
    SELECT r.* FROM temperature_sensors r WHERE r.device_id = places.device AND r.time = places.newest LIMIT 1
) AS reading
ORDER BY reading.location, reading.time DESC, reading.device_id DESC;

INSERT INTO schema_migrations (version, name) VALUES (14, 'temperature_views');

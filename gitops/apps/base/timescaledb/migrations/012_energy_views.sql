-- Migration: 012_energy_views
-- Description: The views that the API and other tools read by name.

CREATE VIEW energy AS
SELECT time AS ts, device_serial, active_energy_total AS consumption_total_w,
    active_power_total AS consumption_total_actual_w, active_power_l1 AS consumption_l1_actual_w,
    active_power_l2 AS consumption_l2_actual_w, active_power_l3 AS consumption_l3_actual_w,
    active_production_total AS production_actual_w
FROM energy_consumption;

CREATE VIEW power_quarters_now AS
SELECT * FROM power_quarters stored
WHERE NOT EXISTS (
    SELECT FROM rollup_marks m
    WHERE m.series = 'energy_consumption' AND m.device = stored.device AND m.quarter = stored.quarter
)
UNION ALL
SELECT fresh.*
FROM (
    SELECT device, array_agg(DISTINCT quarter) AS quarters FROM rollup_marks
    WHERE series = 'energy_consumption' GROUP BY device
) AS marked
CROSS JOIN LATERAL power_rollup(marked.device, marked.quarters) AS fresh;

-- consumption_total_w is the energy of the quarter in Wh, under the name that older dashboards read.
CREATE VIEW energy_quarterly AS
SELECT c.quarter AS ts, c.device AS device_serial, c.amount AS consumption_total_w, p.total_w AS consumption_total_actual_w,
    p.l1_w AS consumption_l1_actual_w, p.l2_w AS consumption_l2_actual_w, p.l3_w AS consumption_l3_actual_w,
    c.amount AS energy_wh, p.max_total_w, coalesce(p.seconds, 0) AS measured_seconds, c.measurement_count,
    c.covered_seconds / 900 AS coverage
FROM counter_quarters_now c
LEFT JOIN power_quarters_now p ON p.device = c.device AND p.quarter = c.quarter
WHERE c.counter = 'energy';

CREATE VIEW energy_hourly AS
SELECT device_serial, hour_of(ts) AS hour_start, hour_of(ts) + interval '1 hour' AS hour_end,
    sum(energy_wh) / 1000 AS total_energy_kwh,
    weighted_avg(consumption_l1_actual_w, measured_seconds) / 1000 AS avg_power_l1_kw,
    weighted_avg(consumption_l2_actual_w, measured_seconds) / 1000 AS avg_power_l2_kw,
    weighted_avg(consumption_l3_actual_w, measured_seconds) / 1000 AS avg_power_l3_kw,
    weighted_avg(consumption_total_actual_w, measured_seconds) / 1000 AS avg_power_total_kw,
    max(max_total_w) / 1000.0::float8 AS max_power_total_kw,
    sum(measurement_count)::bigint AS measurement_count, sum(coverage) / 4 AS coverage
FROM energy_quarterly GROUP BY device_serial, hour_of(ts);

CREATE VIEW energy_daily_summary AS
SELECT device AS device_serial, day AS day_start, house_end('day', day) AS day_end,
    amount / 1000 AS energy_consumption_kwh, measurement_count,
    covered_seconds / extract(epoch FROM house_end('day', day) - day)::float8 AS coverage
FROM counter_days_now WHERE counter = 'energy';

CREATE VIEW energy_monthly_summary AS
SELECT device AS device_serial, house_start('month', day) AS month_start,
    house_end('month', house_start('month', day)) AS month_end,
    sum(amount) / 1000 AS energy_consumption_kwh, sum(measurement_count)::bigint AS measurement_count,
    sum(covered_seconds) / extract(epoch FROM
        house_end('month', house_start('month', day)) - house_start('month', day))::float8 AS coverage
FROM counter_days_now WHERE counter = 'energy' GROUP BY device, house_start('month', day);

CREATE VIEW energy_yearly_summary AS
SELECT device AS device_serial, house_start('year', day) AS year_start,
    house_end('year', house_start('year', day)) AS year_end,
    sum(amount) / 1000 AS energy_consumption_kwh, sum(measurement_count)::bigint AS measurement_count,
    sum(covered_seconds) / extract(epoch FROM
        house_end('year', house_start('year', day)) - house_start('year', day))::float8 AS coverage
FROM counter_days_now WHERE counter = 'energy' GROUP BY device, house_start('year', day);

INSERT INTO schema_migrations (version, name) VALUES (12, 'energy_views');

-- Migration: 009_counters
-- Description: What a counter says was used in each quarter of an hour. This file is the one place that says what
-- the rules are, for energy in Wh and for run times in h alike.
--
-- The amount of an interval is the counter at its end minus the counter at its start; at a moment between two
-- readings the counter is interpolated. So quarters add up to last minus first reading whatever gaps there are.
--   * Lower than before: the readings are bad if the counter comes back in one step to at least where it was, within an
--     hour of the first low one. A counter that has counted up until then, and could have come that far by itself, has
--     not come back in one step. Otherwise a new meter began, and nothing is counted between the two runs.
--   * Higher than the meter can measure: the readings are bad if the counter falls in one step within an hour of the
--     first high one. Otherwise they are real.
-- What is not decided by the last reading counts as a new meter, or as real, until it is.

CREATE TABLE counters (
    counter text PRIMARY KEY,
    series name NOT NULL,
    device_column name NOT NULL,
    value_column name NOT NULL,
    max_per_hour double precision NOT NULL,
    -- A counter of whole hours can show a whole hour more after a second.
    slack double precision NOT NULL,
    -- The counter at a quarter's edge is rounded to this, so that sums stay exact.
    unit double precision NOT NULL
);
INSERT INTO counters VALUES
    ('energy', 'energy_consumption', 'device_serial', 'active_energy_total', 100000, 0, 1),
    ('runtime_compressor', 'heatpump_status', 'device_id', 'runtime_compressor', 1, 1, 0.0001),
    ('runtime_hotwater', 'heatpump_status', 'device_id', 'runtime_hotwater', 1, 1, 0.0001),
    ('runtime_3kw', 'heatpump_status', 'device_id', 'runtime_3kw', 1, 1, 0.0001),
    ('runtime_6kw', 'heatpump_status', 'device_id', 'runtime_6kw', 1, 1, 0.0001);

-- A row for each quarter between a device's first reading and its last, in gaps too. The columns from first_time on
-- are of the good readings in the quarter, and null where there is none.
CREATE TABLE counter_quarters (
    counter text NOT NULL REFERENCES counters,
    device text NOT NULL,
    quarter timestamptz NOT NULL,
    amount double precision NOT NULL,
    covered_seconds double precision NOT NULL,
    -- All readings, bad ones and those without this counter too.
    measurement_count bigint NOT NULL,
    first_time timestamptz,
    first_value double precision,
    starts_run boolean,
    last_time timestamptz,
    last_value double precision,
    inside_amount double precision,
    inside_seconds double precision,
    -- At the quarter's end no reading waited for a later one to tell whether it is good.
    settled boolean,
    PRIMARY KEY (counter, device, quarter)
);
-- Finds the good readings next to a quarter across gaps.
CREATE INDEX counter_quarters_with_readings ON counter_quarters (counter, device, quarter) WHERE first_time IS NOT NULL;

CREATE FUNCTION value_at(moment timestamptz, t0 timestamptz, v0 double precision, t1 timestamptz, v1 double precision,
                         unit double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT round((v0 + (v1 - v0) * extract(epoch FROM moment - t0)::float8 / extract(epoch FROM t1 - t0)::float8) / unit)
        * unit
$$;

-- Whether the time between two neighbouring readings counts as measured: its seconds if so, else 0.
CREATE FUNCTION seconds_covered(earlier timestamptz, later timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN later - earlier <= interval '5 minutes' THEN extract(epoch FROM later - earlier)::float8 ELSE 0 END $$;

-- Whether a counter that was low has counted up, and could have come by itself as far as it is now. `before` is where it
-- was; readings as high as that are none of a new meter's.
CREATE FUNCTION counted_up(which counters, before double precision, times timestamptz[], readings double precision[],
                           now_time timestamptz, now_value double precision) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT max(v) > readings[1] AND now_value - (array_agg(v ORDER BY t DESC))[1]
        <= which.slack + which.max_per_hour * extract(epoch FROM now_time - max(t))::float8 / 3600
    FROM unnest(times, readings) AS low (t, v) WHERE v < before
$$;

-- Judges a device's readings, from where nothing was open before the first marked quarter to where a quarter ends as
-- the last rollup left it and no further one is marked. `decided_at` is the time of the reading that decided.
CREATE FUNCTION counter_readings(which counters, of_device text, marked timestamptz[])
RETURNS TABLE (read_at timestamptz, value double precision, good boolean, starts_run boolean, decided_at timestamptz)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    patience CONSTANT interval := '1 hour';
    -- Where to look next, and what is known there: the last good reading, and the readings that wait for a verdict.
    mark integer := 1;
    next_marked timestamptz := marked[1];
    last_marked timestamptz;
    restart timestamptz;
    expired_until timestamptz;
    good_time timestamptz;
    good_value double precision;
    open_times timestamptz[];
    open_values double precision[];
    open_is_dip boolean;
    -- The reading at hand, behind it those that must be judged again.
    readings refcursor;
    reading record;
    ended boolean;
    todo_times timestamptz[];
    todo_values double precision[];
    i integer;
    verdict text;
    this_quarter timestamptz;
    before_quarter timestamptz;
    resynced boolean;
BEGIN
    WHILE next_marked IS NOT NULL LOOP
        SELECT max(q.quarter) + interval '15 minutes' INTO restart FROM (
            SELECT s.quarter FROM counter_quarters s
            WHERE s.counter = which.counter AND s.device = of_device AND s.quarter < next_marked
              AND s.first_time IS NOT NULL AND s.settled
            ORDER BY s.quarter DESC LIMIT 1
        ) q;
        restart := coalesce(restart, '-infinity');

        -- Quarters whose readings have expired stay as they are.
        EXECUTE format(
            'SELECT max(quarter) + interval ''15 minutes'' FROM counter_quarters q'
            ' WHERE counter = $1 AND device = $2 AND quarter >= $3 AND quarter <= $4 AND first_time IS NOT NULL'
            ' AND NOT EXISTS (SELECT FROM %I raw WHERE raw.%I = $2 AND raw.time = q.first_time)',
            which.series, which.device_column
        ) INTO expired_until USING which.counter, of_device, restart, next_marked;
        IF expired_until > next_marked THEN
            WHILE marked[mark] < expired_until LOOP
                mark := mark + 1;
            END LOOP;
            next_marked := marked[mark];
            CONTINUE;
        END IF;
        restart := greatest(restart, expired_until);

        good_time := NULL;
        good_value := NULL;
        SELECT q.last_time, q.last_value INTO good_time, good_value FROM counter_quarters q
            WHERE q.counter = which.counter AND q.device = of_device AND q.quarter < restart
              AND q.first_time IS NOT NULL
            ORDER BY q.quarter DESC LIMIT 1;
        open_times := '{}';
        open_values := '{}';
        last_marked := next_marked;
        before_quarter := NULL;
        resynced := false;
        ended := false;

        OPEN readings FOR EXECUTE format(
            'SELECT time, %I::float8 AS value FROM %I WHERE %I = $1 AND time >= $2 AND %I IS NOT NULL ORDER BY time',
            which.value_column, which.series, which.device_column, which.value_column
        ) USING of_device, restart;
        WHILE NOT ended LOOP
            FETCH readings INTO reading;
            ended := NOT FOUND;
            IF NOT ended THEN
                this_quarter := quarter_of(reading.time);
                IF this_quarter IS DISTINCT FROM before_quarter THEN
                    IF before_quarter >= last_marked AND open_times = '{}' THEN
                        SELECT q.settled AND q.last_time = good_time AND q.last_value = good_value INTO resynced
                            FROM counter_quarters q
                            WHERE q.counter = which.counter AND q.device = of_device AND q.quarter = before_quarter;
                        EXIT WHEN resynced;
                    END IF;
                    before_quarter := this_quarter;
                    WHILE marked[mark] <= this_quarter LOOP
                        last_marked := marked[mark];
                        mark := mark + 1;
                    END LOOP;
                END IF;
                -- Nearly every reading goes this way.
                IF open_times = '{}' AND reading.value >= good_value AND reading.value - good_value
                    <= which.slack + which.max_per_hour * extract(epoch FROM reading.time - good_time)::float8 / 3600 THEN
                    read_at := reading.time; value := reading.value; good := true; starts_run := false;
                    decided_at := read_at; good_time := read_at; good_value := value;
                    RETURN NEXT;
                    CONTINUE;
                END IF;
                todo_times := ARRAY[reading.time];
                todo_values := ARRAY[reading.value];
            ELSE
                todo_times := '{}';
                todo_values := '{}';
            END IF;

            decided_at := CASE WHEN ended THEN 'infinity' ELSE reading.time END;
            i := 1;
            LOOP
                IF i > cardinality(todo_times) THEN
                    EXIT WHEN NOT ended OR open_times = '{}';
                    verdict := 'accept';
                ELSIF open_times = '{}' THEN
                    verdict := CASE
                        WHEN good_time IS NULL THEN 'first'
                        WHEN todo_values[i] < good_value THEN 'open dip'
                        WHEN todo_values[i] - good_value > which.slack + which.max_per_hour
                            * extract(epoch FROM todo_times[i] - good_time)::float8 / 3600 THEN 'open spike'
                        ELSE 'good' END;
                ELSIF todo_times[i] > open_times[1] + patience THEN
                    verdict := 'accept';
                ELSIF open_is_dip THEN
                    verdict := CASE
                        -- Still low, or so high that it is no coming back either.
                        WHEN todo_values[i] < good_value OR todo_values[i] - good_value > which.slack
                            + which.max_per_hour * extract(epoch FROM todo_times[i] - good_time)::float8 / 3600 THEN 'wait'
                        WHEN counted_up(which, good_value, open_times, open_values, todo_times[i], todo_values[i])
                            THEN 'accept'
                        ELSE 'discard' END;
                ELSE
                    verdict := CASE WHEN todo_values[i] < open_values[cardinality(open_values)] THEN 'discard'
                                    ELSE 'wait' END;
                END IF;

                CASE verdict
                WHEN 'first', 'good' THEN
                    read_at := todo_times[i]; value := todo_values[i]; good := true; starts_run := verdict = 'first';
                    good_time := read_at; good_value := value;
                    RETURN NEXT;
                    i := i + 1;
                WHEN 'open dip', 'open spike', 'wait' THEN
                    IF open_times = '{}' THEN
                        open_is_dip := verdict = 'open dip';
                    END IF;
                    open_times := open_times || todo_times[i];
                    open_values := open_values || todo_values[i];
                    i := i + 1;
                WHEN 'discard' THEN
                    RETURN QUERY SELECT o.t, o.v, false, false, reading.time FROM unnest(open_times, open_values) o (t, v);
                    open_times := '{}';
                    open_values := '{}';
                WHEN 'accept' THEN
                    read_at := open_times[1]; value := open_values[1]; good := true; starts_run := open_is_dip;
                    good_time := read_at; good_value := value;
                    RETURN NEXT;
                    todo_times := open_times[2:] || todo_times[i:];
                    todo_values := open_values[2:] || todo_values[i:];
                    i := 1;
                    open_times := '{}';
                    open_values := '{}';
                END CASE;
            END LOOP;
        END LOOP;
        CLOSE readings;

        EXIT WHEN resynced IS NOT TRUE;
        WHILE marked[mark] <= before_quarter LOOP
            mark := mark + 1;
        END LOOP;
        next_marked := marked[mark];
    END LOOP;
END
$$;

CREATE FUNCTION reading_counts(which counters, of_device text, quarters timestamptz[])
RETURNS TABLE (quarter timestamptz, readings bigint)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT q, count(*) FROM unnest($2) q JOIN %I raw'
        ' ON raw.%I = $1 AND raw.time >= q AND raw.time < q + interval ''15 minutes'' GROUP BY q',
        which.series, which.device_column
    ) USING of_device, quarters;
END
$$;

-- The quarters of a device that its marked quarters change: their own, and the edges of those next to them.
CREATE FUNCTION counter_rollup(which counters, of_device text, marked timestamptz[]) RETURNS SETOF counter_quarters
LANGUAGE sql STABLE
AS $$
    WITH judged AS MATERIALIZED (
        SELECT *, quarter_of(read_at) AS quarter FROM counter_readings(which, of_device, marked)
    ),
    steps AS (
        SELECT quarter, read_at, value, starts_run,
            lag(read_at) OVER w AS time_before, lag(value) OVER w AS value_before, lag(quarter) OVER w AS quarter_before,
            lead(quarter) OVER w AS quarter_after
        FROM judged WHERE good WINDOW w AS (ORDER BY read_at)
    ),
    inside AS (
        SELECT quarter,
            min(read_at) AS first_time,
            min(value) FILTER (WHERE quarter_before IS DISTINCT FROM quarter) AS first_value,
            bool_or(starts_run) FILTER (WHERE quarter_before IS DISTINCT FROM quarter) AS starts_run,
            max(read_at) AS last_time,
            min(value) FILTER (WHERE quarter_after IS DISTINCT FROM quarter) AS last_value,
            coalesce(sum(value - value_before) FILTER (WHERE quarter_before = quarter AND NOT starts_run), 0) AS amount,
            coalesce(sum(seconds_covered(time_before, read_at)) FILTER (WHERE quarter_before = quarter), 0) AS seconds
        FROM steps GROUP BY quarter
    ),
    settling AS (
        SELECT quarter, max(max(decided_at)) OVER (ORDER BY quarter) < quarter + interval '15 minutes' AS settled
        FROM judged GROUP BY quarter
    ),
    seen AS (SELECT quarter FROM judged UNION SELECT unnest(marked)),
    span AS (SELECT min(quarter) AS first, max(quarter) AS last FROM seen),
    -- Two on either side: the nearer one's edge changes, and for its other edge the farther one is needed.
    around AS (
        (SELECT q.* FROM counter_quarters q
         WHERE q.counter = which.counter AND q.device = of_device AND q.first_time IS NOT NULL
           AND q.quarter < (SELECT first FROM span)
         ORDER BY q.quarter DESC LIMIT 2)
        UNION ALL
        (SELECT q.* FROM counter_quarters q
         WHERE q.counter = which.counter AND q.device = of_device AND q.first_time IS NOT NULL
           AND q.quarter > (SELECT last FROM span)
         ORDER BY q.quarter LIMIT 2)
        UNION ALL
        (SELECT q.* FROM counter_quarters q
         WHERE q.counter = which.counter AND q.device = of_device AND q.first_time IS NOT NULL
           AND q.quarter BETWEEN (SELECT first FROM span) AND (SELECT last FROM span)
           AND q.quarter NOT IN (SELECT quarter FROM judged))
    ),
    known AS (
        SELECT quarter, first_time, first_value, starts_run, last_time, last_value, amount, seconds, settled
        FROM inside JOIN settling USING (quarter)
        UNION ALL
        SELECT quarter, first_time, first_value, starts_run, last_time, last_value, inside_amount, inside_seconds, settled
        FROM around
    ),
    edges AS (
        SELECT *,
            lag(last_time) OVER w AS time_before, lag(last_value) OVER w AS value_before,
            lead(first_time) OVER w AS time_after, lead(first_value) OVER w AS value_after,
            coalesce(lead(starts_run) OVER w, true) AS run_ends
        FROM known WINDOW w AS (ORDER BY quarter)
    ),
    full_quarters AS (
        SELECT *,
            CASE WHEN starts_run THEN 0 ELSE first_value
                - value_at(quarter, time_before, value_before, first_time, first_value, which.unit) END
            + amount
            + CASE WHEN run_ends THEN 0 ELSE value_at(quarter + interval '15 minutes', last_time, last_value,
                time_after, value_after, which.unit) - last_value END AS whole_amount,
            seconds
            + least(seconds_covered(time_before, first_time), extract(epoch FROM first_time - quarter)::float8)
            + least(seconds_covered(last_time, time_after),
                extract(epoch FROM quarter + interval '15 minutes' - last_time)::float8) AS whole_seconds
        FROM edges
    ),
    gap_quarters AS (
        SELECT g.quarter,
            CASE WHEN run_ends THEN 0 ELSE
                value_at(g.quarter + interval '15 minutes', last_time, last_value, time_after, value_after, which.unit)
                - value_at(g.quarter, last_time, last_value, time_after, value_after, which.unit) END AS whole_amount
        FROM edges,
            generate_series(edges.quarter + interval '15 minutes', quarter_of(time_after) - interval '15 minutes',
                interval '15 minutes') AS g (quarter)
        WHERE time_after IS NOT NULL
    ),
    -- Where the first reading is the one that was stored, the edge before it is the same as before.
    changed AS (
        SELECT
            CASE WHEN EXISTS (
                SELECT FROM known JOIN counter_quarters s
                    ON s.counter = which.counter AND s.device = of_device AND s.quarter = known.quarter
                WHERE known.quarter = span.first AND s.first_time = known.first_time
                  AND s.first_value = known.first_value AND s.starts_run = known.starts_run
            ) THEN span.first
            ELSE coalesce((SELECT max(quarter) FROM around WHERE quarter < span.first), span.first) END AS first,
            coalesce((SELECT min(quarter) FROM around WHERE quarter > span.last), span.last) AS last
        FROM span
    ),
    quarters AS (
        -- Sums of fractions of a second must not come to more than the quarter has.
        SELECT quarter, whole_amount AS amount,
            coalesce(round(whole_seconds::numeric, 6)::float8, 0) AS covered_seconds, first_time, first_value,
            starts_run, last_time, last_value, amount AS inside_amount, seconds AS inside_seconds, settled
        FROM full_quarters
        UNION ALL
        SELECT quarter, whole_amount, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM gap_quarters
    ),
    changed_quarters AS (
        SELECT quarters.* FROM quarters JOIN changed ON quarters.quarter BETWEEN changed.first AND changed.last
    )
    SELECT which.counter, of_device, c.quarter, c.amount, c.covered_seconds,
        greatest(counts.readings, 0, (
            SELECT stored.measurement_count FROM counter_quarters stored
            WHERE stored.counter = which.counter AND stored.device = of_device AND stored.quarter = c.quarter
        )), c.first_time, c.first_value, c.starts_run,
        c.last_time, c.last_value, c.inside_amount, c.inside_seconds, c.settled
    FROM changed_quarters c
    LEFT JOIN reading_counts(which, of_device, (SELECT array_agg(quarter) FROM changed_quarters)) counts
        ON counts.quarter = c.quarter
$$;

-- What marked quarters change but no rollup has stored yet.
CREATE VIEW counter_quarters_unstored AS
SELECT counters.counter, marked.device, changed.quarter, changed.amount, changed.covered_seconds,
    changed.measurement_count
FROM (
    SELECT series, device, array_agg(DISTINCT quarter ORDER BY quarter) AS quarters
    FROM rollup_marks GROUP BY series, device
) AS marked
JOIN counters ON counters.series = marked.series
CROSS JOIN LATERAL counter_rollup(counters, marked.device, marked.quarters) AS changed;

-- The quarters that start in a range as they are now, of one device or of all (null).
CREATE FUNCTION counter_quarters_between(of_counter text, of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (device text, quarter timestamptz, amount double precision, covered_seconds double precision,
               measurement_count bigint)
LANGUAGE sql STABLE
AS $$
    WITH unstored AS MATERIALIZED (
        SELECT u.device, u.quarter, u.amount, u.covered_seconds, u.measurement_count FROM counter_quarters_unstored u
        WHERE u.counter = of_counter AND (of_device IS NULL OR u.device = of_device)
    )
    SELECT s.device, s.quarter, s.amount, s.covered_seconds, s.measurement_count FROM counter_quarters s
    WHERE s.counter = of_counter AND (of_device IS NULL OR s.device = of_device)
      AND s.quarter >= from_time AND s.quarter < to_time
      AND NOT EXISTS (SELECT FROM unstored u WHERE u.device = s.device AND u.quarter = s.quarter)
    UNION ALL
    SELECT * FROM unstored u WHERE u.quarter >= from_time AND u.quarter < to_time
$$;

-- Days of the house's time zone, so that years are not added up from quarters.
CREATE TABLE counter_days (
    counter text NOT NULL REFERENCES counters,
    device text NOT NULL,
    day timestamptz NOT NULL,
    amount double precision NOT NULL,
    covered_seconds double precision NOT NULL,
    measurement_count bigint NOT NULL,
    PRIMARY KEY (counter, device, day)
);

-- The days that start in a range as they are now: those that unstored quarters touch are added up afresh.
CREATE FUNCTION counter_days_between(of_counter text, of_device text, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (device text, day timestamptz, amount double precision, covered_seconds double precision,
               measurement_count bigint)
LANGUAGE sql STABLE
AS $$
    WITH unstored AS MATERIALIZED (
        SELECT u.device, u.quarter, u.amount, u.covered_seconds, u.measurement_count FROM counter_quarters_unstored u
        WHERE u.counter = of_counter AND (of_device IS NULL OR u.device = of_device)
    ),
    touched AS MATERIALIZED (
        SELECT d.device, d.day, house_end('day', d.day) AS day_end
        FROM (SELECT DISTINCT u.device, date_trunc('day', u.quarter, h.time_zone) AS day FROM unstored u, house h) d
    )
    SELECT s.device, s.day, s.amount, s.covered_seconds, s.measurement_count FROM counter_days s
    WHERE s.counter = of_counter AND (of_device IS NULL OR s.device = of_device)
      AND s.day >= from_time AND s.day < to_time
      AND NOT EXISTS (SELECT FROM touched t WHERE t.device = s.device AND t.day = s.day)
    UNION ALL
    SELECT q.device, q.day, sum(q.amount), sum(q.covered_seconds), sum(q.measurement_count)::bigint
    FROM (
        SELECT s.device, t.day, s.amount, s.covered_seconds, s.measurement_count FROM touched t
        CROSS JOIN LATERAL (
            SELECT q.device, q.quarter, q.amount, q.covered_seconds, q.measurement_count FROM counter_quarters q
            WHERE q.counter = of_counter AND q.device = t.device AND q.quarter >= t.day AND q.quarter < t.day_end
            OFFSET 0 -- keeps the planner from reading every quarter there is for a few days
        ) s
        WHERE NOT EXISTS (SELECT FROM unstored u WHERE u.device = s.device AND u.quarter = s.quarter)
        UNION ALL
        SELECT u.device, date_trunc('day', u.quarter, h.time_zone), u.amount, u.covered_seconds, u.measurement_count
        FROM unstored u, house h
    ) q
    WHERE q.day >= from_time AND q.day < to_time
    GROUP BY q.device, q.day
$$;

INSERT INTO schema_migrations (version, name) VALUES (9, 'counters');

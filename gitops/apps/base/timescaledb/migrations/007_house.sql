-- Migration: 007_house
-- Description: What the database must know of the house: its time zone, and the most that its meters can measure.

CREATE TABLE house (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    time_zone text NOT NULL DEFAULT 'Europe/Stockholm',
    meter_max_kw double precision NOT NULL DEFAULT 100 CHECK (meter_max_kw > 0)
);
INSERT INTO house DEFAULT VALUES;

-- The start of the house's day, month or year that a moment lies in.
CREATE FUNCTION house_start(unit text, moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$ SELECT date_trunc(unit, moment, time_zone) FROM house $$;

-- The end of the house's day, month or year that starts at a moment, which is where the next one starts: a day and a
-- half later it is the next day, wherever the clocks change.
CREATE FUNCTION house_end(unit text, start timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT date_trunc(unit, start + CASE unit WHEN 'day' THEN interval '36 hours' WHEN 'month' THEN interval '45 days'
        ELSE interval '400 days' END, time_zone) FROM house
$$;

CREATE FUNCTION quarter_of(moment timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT date_bin('15 minutes', moment, '2000-01-01 00:00:00+00') $$;

INSERT INTO schema_migrations (version, name) VALUES (7, 'house');

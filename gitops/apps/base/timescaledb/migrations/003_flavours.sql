-- Migration: 003_flavours
-- Description: Functions for later migrations to call, and the only place that knows TimescaleDB from plain
-- PostgreSQL.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'TimescaleDB is available here, but % may not create the extension', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Have an administrator run CREATE EXTENSION timescaledb in this database, then migrate again.';
END
$$;

CREATE FUNCTION has_timescaledb() RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'timescaledb') $$;

-- Stays empty on TimescaleDB, whose own job drops old chunks.
CREATE TABLE expiring_series (
    series regclass PRIMARY KEY,
    keep interval NOT NULL
);

-- Makes a table of readings with a column "time" a series: the sink may add to it, rows older than 7 days are
-- compressed where that is possible, and rows older than 90 days are removed.
CREATE FUNCTION create_series(series regclass, device_column name) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    compress_after CONSTANT interval := '7 days';
    keep CONSTANT interval := '90 days';
BEGIN
    EXECUTE format('GRANT INSERT ON %s TO telemetry_sink', series);
    IF NOT has_timescaledb() THEN
        INSERT INTO expiring_series VALUES (series, keep);
        RETURN;
    END IF;
    PERFORM create_hypertable(series, by_range('time', interval '7 days'), create_default_indexes => false);
    EXECUTE format(
        'ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L,'
        ' timescaledb.compress_orderby = %L)',
        series, quote_ident(device_column), 'time DESC'
    );
    PERFORM add_compression_policy(series, compress_after);
    PERFORM add_retention_policy(series, keep);
END
$$;

-- Removes the quarters of an hour that are too old, but none from the first on that is still marked for the rollups,
-- and returns how many rows. A scheduled task calls it; on TimescaleDB it has nothing to do.
CREATE FUNCTION apply_retention() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expiring record;
    removed bigint;
    removed_in_all bigint := 0;
BEGIN
    FOR expiring IN SELECT series, keep FROM public.expiring_series LOOP
        EXECUTE format(
            'DELETE FROM %s WHERE time < least(date_bin(''15 minutes'', now() - $1, ''2000-01-01 00:00:00+00''),'
            ' (SELECT min(quarter) FROM public.rollup_marks WHERE series = $2))',
            expiring.series
        ) USING expiring.keep, expiring.series::text;
        GET DIAGNOSTICS removed = ROW_COUNT;
        removed_in_all := removed_in_all + removed;
    END LOOP;
    RETURN removed_in_all;
END
$$;
REVOKE EXECUTE ON FUNCTION apply_retention() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION apply_retention() TO telemetry_sink;

INSERT INTO schema_migrations (version, name) VALUES (3, 'flavours');

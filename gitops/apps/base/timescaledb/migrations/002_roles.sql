-- Migration: 002_roles
-- Description: The group roles telemetry_reader (reads) and telemetry_sink (reads, and adds readings). Logins and
-- their passwords are made elsewhere and granted one of them.

DO $$
DECLARE
    missing text;
    may_create boolean := (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user);
BEGIN
    FOR missing IN
        SELECT role FROM unnest(ARRAY['telemetry_reader', 'telemetry_sink']) AS role
        WHERE role NOT IN (SELECT rolname FROM pg_roles)
    LOOP
        IF NOT may_create THEN
            RAISE EXCEPTION 'the role % is missing, and % may not create roles', missing, current_user
                USING ERRCODE = 'insufficient_privilege',
                      HINT = format('Have an administrator run CREATE ROLE %s NOLOGIN, then migrate again.', missing);
        END IF;
        EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO telemetry_reader, telemetry_sink;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO telemetry_reader, telemetry_sink;

-- What later migrations create can be read as well; INSERT is granted table by table, by create_series().
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO telemetry_reader, telemetry_sink;

INSERT INTO schema_migrations (version, name) VALUES (2, 'roles');

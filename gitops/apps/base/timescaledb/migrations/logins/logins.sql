-- The logins of the site, each in one group role, with the passwords that the Secret says now.
\getenv reader READER_PASSWORD
\getenv sink SINK_PASSWORD

SELECT format('CREATE ROLE %I NOLOGIN', role)
FROM unnest(ARRAY['telemetry_reader', 'telemetry_sink']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles) \gexec

SELECT format('CREATE ROLE %I LOGIN', login)
FROM unnest(ARRAY['homelab_reader', 'homelab_sink']) AS login
WHERE login NOT IN (SELECT rolname FROM pg_roles) \gexec

ALTER ROLE homelab_reader PASSWORD :'reader';
ALTER ROLE homelab_sink PASSWORD :'sink';
GRANT telemetry_reader TO homelab_reader;
GRANT telemetry_sink TO homelab_sink;

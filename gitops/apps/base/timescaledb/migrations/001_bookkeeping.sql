-- Migration: 001_bookkeeping
-- Description: Which migrations were applied, when, and with which content.

CREATE TABLE schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- The runner fills this one: a file cannot know its own checksum.
CREATE TABLE schema_migration_checksums (
    version integer PRIMARY KEY REFERENCES schema_migrations,
    sha256 text NOT NULL
);

INSERT INTO schema_migrations (version, name) VALUES (1, 'bookkeeping');

-- name: create
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_version (
    hasura_uuid uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    version text NOT NULL,
    upgraded_on timestamptz NOT NULL DEFAULT now(),
    cli_state jsonb NOT NULL DEFAULT '{}',
    console_state jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO hdb_catalog.hdb_version (version) SELECT '48' WHERE NOT EXISTS (SELECT FROM hdb_catalog.hdb_version)

-- name: read
SELECT hasura_uuid::text AS id, cli_state::text AS cli, console_state::text AS console FROM hdb_catalog.hdb_version

-- name: set_cli
UPDATE hdb_catalog.hdb_version SET cli_state = $1::text::jsonb

-- name: set_console
UPDATE hdb_catalog.hdb_version SET console_state = $1::text::jsonb

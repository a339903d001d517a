-- name: create
CREATE SCHEMA IF NOT EXISTS hdb_catalog;
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_metadata (
    id integer PRIMARY KEY,
    metadata json NOT NULL,
    resource_version integer NOT NULL DEFAULT 1 UNIQUE
);
CREATE TABLE IF NOT EXISTS hdb_catalog.nself_metadata_dir (
    id integer PRIMARY KEY CHECK (id = 1),
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: exists
SELECT to_regclass('hdb_catalog.hdb_metadata') IS NOT NULL AND to_regclass('hdb_catalog.nself_metadata_dir') IS NOT NULL

-- name: read
SELECT metadata::text AS metadata, resource_version FROM hdb_catalog.hdb_metadata WHERE id = 1

-- name: version
SELECT resource_version FROM hdb_catalog.hdb_metadata WHERE id = 1

-- name: insert
INSERT INTO hdb_catalog.hdb_metadata (id, metadata, resource_version) VALUES (1, $1::text::json, 1)
ON CONFLICT (id) DO NOTHING

-- name: update
UPDATE hdb_catalog.hdb_metadata SET metadata = $1::text::json, resource_version = resource_version + 1
WHERE id = 1 AND resource_version = $2
RETURNING resource_version

-- name: applied_digest
SELECT digest FROM hdb_catalog.nself_metadata_dir WHERE id = 1

-- name: set_applied_digest
INSERT INTO hdb_catalog.nself_metadata_dir (id, digest) VALUES (1, $1)
ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, applied_at = now()

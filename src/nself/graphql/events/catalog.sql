-- name: create_events
CREATE SCHEMA IF NOT EXISTS hdb_catalog;
CREATE TABLE IF NOT EXISTS hdb_catalog.event_log (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    trigger_name text NOT NULL,
    payload json NOT NULL,
    delivered boolean NOT NULL DEFAULT FALSE,
    error boolean NOT NULL DEFAULT FALSE,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    locked timestamptz,
    next_retry_at timestamp,
    archived boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS event_log_fetch_events
    ON hdb_catalog.event_log (locked NULLS FIRST, next_retry_at NULLS FIRST, created_at)
    WHERE delivered = FALSE AND error = FALSE AND archived = FALSE;
CREATE INDEX IF NOT EXISTS event_log_trigger_name_idx ON hdb_catalog.event_log (trigger_name);
CREATE TABLE IF NOT EXISTS hdb_catalog.event_invocation_logs (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    trigger_name text,
    event_id text,
    status integer,
    request json,
    response json,
    created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC')
);
ALTER TABLE hdb_catalog.event_invocation_logs ADD COLUMN IF NOT EXISTS trigger_name text;
-- Tables of Hasura before 2.13 have it; there, an event could not be deleted without the log of its deliveries.
ALTER TABLE hdb_catalog.event_invocation_logs DROP CONSTRAINT IF EXISTS event_invocation_logs_event_id_fkey;
CREATE INDEX IF NOT EXISTS event_invocation_logs_event_id_idx ON hdb_catalog.event_invocation_logs (event_id);
CREATE TABLE IF NOT EXISTS hdb_catalog.event_log_cleanups (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    trigger_name text NOT NULL,
    scheduled_at timestamp NOT NULL,
    deleted_event_logs integer,
    deleted_event_invocation_logs integer,
    status text NOT NULL CHECK (status IN ('scheduled', 'paused', 'completed', 'dead')),
    UNIQUE (trigger_name, scheduled_at)
)

-- name: events_exist
SELECT to_regclass('hdb_catalog.event_log') IS NOT NULL
    AND to_regclass('hdb_catalog.event_invocation_logs') IS NOT NULL
    AND to_regclass('hdb_catalog.event_log_cleanups') IS NOT NULL

-- name: drop_events
DROP TABLE IF EXISTS hdb_catalog.event_log_cleanups, hdb_catalog.event_invocation_logs, hdb_catalog.event_log

-- name: archive
UPDATE hdb_catalog.event_log SET archived = TRUE WHERE trigger_name = ANY ($1::text[]) AND NOT archived

-- name: installed
SELECT p.proname AS name, p.prosrc AS body, p.prosecdef AS definer,
    n.nspname AS schema, c.relname AS table, t.tgenabled::text AS enabled
FROM pg_proc p
JOIN pg_namespace home ON home.oid = p.pronamespace AND home.nspname = 'hdb_catalog'
LEFT JOIN pg_trigger t ON t.tgfoid = p.oid AND NOT t.tgisinternal AND t.tgparentid = 0
LEFT JOIN pg_class c ON c.oid = t.tgrelid
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE p.proname ~ '^notify_hasura_' AND p.pronargs = 0

-- name: create_schedules
CREATE SCHEMA IF NOT EXISTS hdb_catalog;
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_cron_events (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    trigger_name text NOT NULL,
    scheduled_time timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'scheduled'
        CHECK (status IN ('scheduled', 'locked', 'delivered', 'error', 'dead')),
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz DEFAULT now(),
    next_retry_at timestamptz
);
CREATE INDEX IF NOT EXISTS hdb_cron_event_status ON hdb_catalog.hdb_cron_events (status);
CREATE UNIQUE INDEX IF NOT EXISTS hdb_cron_events_unique_scheduled
    ON hdb_catalog.hdb_cron_events (trigger_name, scheduled_time) WHERE status = 'scheduled';
CREATE INDEX IF NOT EXISTS nself_cron_events_due
    ON hdb_catalog.hdb_cron_events (scheduled_time) WHERE status IN ('scheduled', 'locked');
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_cron_event_invocation_logs (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    event_id text REFERENCES hdb_catalog.hdb_cron_events (id) ON UPDATE CASCADE ON DELETE CASCADE,
    status integer,
    request json,
    response json,
    created_at timestamptz DEFAULT now()
);
CREATE INDEX IF NOT EXISTS hdb_cron_event_invocation_event_id
    ON hdb_catalog.hdb_cron_event_invocation_logs (event_id);
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_scheduled_events (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    webhook_conf json NOT NULL,
    scheduled_time timestamptz NOT NULL,
    retry_conf json,
    payload json,
    header_conf json,
    status text NOT NULL DEFAULT 'scheduled'
        CHECK (status IN ('scheduled', 'locked', 'delivered', 'error', 'dead')),
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz DEFAULT now(),
    next_retry_at timestamptz,
    comment text
);
CREATE INDEX IF NOT EXISTS hdb_scheduled_event_status ON hdb_catalog.hdb_scheduled_events (status);
CREATE INDEX IF NOT EXISTS nself_scheduled_events_due
    ON hdb_catalog.hdb_scheduled_events (scheduled_time) WHERE status IN ('scheduled', 'locked');
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_scheduled_event_invocation_logs (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    event_id text REFERENCES hdb_catalog.hdb_scheduled_events (id) ON UPDATE CASCADE ON DELETE CASCADE,
    status integer,
    request json,
    response json,
    created_at timestamptz DEFAULT now()
);
CREATE INDEX IF NOT EXISTS hdb_scheduled_event_invocation_event_id
    ON hdb_catalog.hdb_scheduled_event_invocation_logs (event_id)

-- name: schedules_exist
SELECT to_regclass('hdb_catalog.hdb_cron_events') IS NOT NULL
    AND to_regclass('hdb_catalog.hdb_cron_event_invocation_logs') IS NOT NULL
    AND to_regclass('hdb_catalog.hdb_scheduled_events') IS NOT NULL
    AND to_regclass('hdb_catalog.hdb_scheduled_event_invocation_logs') IS NOT NULL
    AND to_regclass('hdb_catalog.nself_cron_events_due') IS NOT NULL
    AND to_regclass('hdb_catalog.nself_scheduled_events_due') IS NOT NULL

-- name: exists
SELECT EXISTS (
    SELECT FROM information_schema.columns
    WHERE table_schema = 'hdb_catalog' AND table_name = 'hdb_action_log' AND column_name = 'lease_until'
)

-- name: create
CREATE TABLE IF NOT EXISTS hdb_catalog.hdb_action_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    action_name text,
    input_payload jsonb NOT NULL,
    request_headers jsonb NOT NULL,
    session_variables jsonb NOT NULL,
    response_payload jsonb,
    errors jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    response_received_at timestamptz,
    status text NOT NULL CHECK (status IN ('created', 'processing', 'completed', 'error'))
);
ALTER TABLE hdb_catalog.hdb_action_log ADD COLUMN IF NOT EXISTS lease_until timestamptz;
CREATE INDEX IF NOT EXISTS hdb_action_log_unfinished ON hdb_catalog.hdb_action_log (created_at)
    WHERE status IN ('created', 'processing');

-- name: put
INSERT INTO hdb_catalog.hdb_action_log (action_name, input_payload, request_headers, session_variables, status)
VALUES ($1, $2::text::jsonb, $3::text::jsonb, $4::text::jsonb, 'created')
RETURNING id::text

-- name: take
UPDATE hdb_catalog.hdb_action_log
SET status = 'processing', lease_until = now() + $2::float8 * interval '1 second'
WHERE id IN (
    SELECT id FROM hdb_catalog.hdb_action_log
    WHERE status IN ('created', 'processing')
        AND (status = 'created' OR coalesce(lease_until, '-infinity') < now())
    ORDER BY created_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
RETURNING
    id::text,
    action_name,
    input_payload::text,
    request_headers::text,
    session_variables::text

-- name: finish
UPDATE hdb_catalog.hdb_action_log
SET
    status = CASE WHEN $3::text IS NULL THEN 'completed' ELSE 'error' END,
    response_payload = $2::text::jsonb,
    errors = $3::text::jsonb,
    response_received_at = now(),
    lease_until = NULL
WHERE id = $1::text::uuid

-- name: give_back
UPDATE hdb_catalog.hdb_action_log SET status = 'created', lease_until = NULL
WHERE id = ANY ($1::text[]::uuid[]) AND status = 'processing'

-- name: find
SELECT
    id::text,
    to_json(created_at)::text AS created_at,
    response_payload::text,
    errors::text
FROM hdb_catalog.hdb_action_log
WHERE id = $1::text::uuid AND action_name = $2 AND ($3 OR session_variables = $4::text::jsonb)

-- name: forget
DELETE FROM hdb_catalog.hdb_action_log WHERE action_name = $1

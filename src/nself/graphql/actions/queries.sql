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

-- name: forget
DELETE FROM hdb_catalog.hdb_action_log WHERE action_name = $1

-- name: put
INSERT INTO hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload, created_at)
VALUES (gen_random_uuid()::text, $1, $2, $3, $4::text::json, clock_timestamp() AT TIME ZONE 'UTC')
RETURNING id

-- name: redeliver
UPDATE hdb_catalog.event_log
SET delivered = FALSE, error = FALSE, tries = 0, next_retry_at = NULL
WHERE id = $1 AND NOT archived AND locked IS NULL
RETURNING id

-- name: under_way
SELECT locked IS NOT NULL FROM hdb_catalog.event_log WHERE id = $1 AND NOT archived

-- name: events
SELECT row_to_json(e)::text FROM hdb_catalog.event_log e
WHERE trigger_name = $1 AND NOT archived AND CASE $2
    WHEN 'pending' THEN NOT delivered AND NOT error
    WHEN 'processed' THEN delivered OR error
    ELSE TRUE END
ORDER BY created_at DESC, id LIMIT $3 OFFSET $4

-- name: event
SELECT row_to_json(e)::text FROM hdb_catalog.event_log e WHERE id = $1

-- name: invocations
SELECT row_to_json(l)::text FROM hdb_catalog.event_invocation_logs l
JOIN hdb_catalog.event_log e ON e.id = l.event_id
WHERE e.trigger_name = $1 AND NOT e.archived
ORDER BY l.created_at DESC, l.id LIMIT $2 OFFSET $3

-- name: attempts
SELECT row_to_json(l)::text FROM hdb_catalog.event_invocation_logs l
WHERE event_id = $1 ORDER BY created_at DESC, id LIMIT $2 OFFSET $3

-- name: fetch
UPDATE hdb_catalog.event_log e SET locked = now()
WHERE id = ANY (ARRAY(
    SELECT id FROM hdb_catalog.event_log
    WHERE delivered = FALSE AND error = FALSE AND archived = FALSE
        AND (locked IS NULL OR locked < now() - make_interval(secs => $3))
        AND (next_retry_at IS NULL OR next_retry_at <= now() AT TIME ZONE 'UTC')
        AND trigger_name = ANY ($1::text[])
    ORDER BY locked NULLS FIRST, next_retry_at NULLS FIRST, created_at
    LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING id, schema_name, table_name, trigger_name, payload::text AS payload, tries,
    to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') AS created_at, EXTRACT(EPOCH FROM created_at)::float8 AS born

-- name: renew
UPDATE hdb_catalog.event_log SET locked = now() WHERE id = ANY ($1::text[]) AND locked IS NOT NULL

-- name: release
UPDATE hdb_catalog.event_log SET locked = NULL WHERE id = ANY ($1::text[])

-- name: record
WITH outcome AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
        $8::int[]) AS o(id, trigger_name, status, request, response, delivered, failed, wait_s)
), logged AS (
    INSERT INTO hdb_catalog.event_invocation_logs (id, trigger_name, event_id, status, request, response, created_at)
    SELECT gen_random_uuid()::text, trigger_name, id, status, request::json, response::json,
        clock_timestamp() AT TIME ZONE 'UTC'
    FROM outcome
)
UPDATE hdb_catalog.event_log e
SET delivered = o.delivered, error = o.failed, tries = e.tries + 1, locked = NULL,
    next_retry_at = CASE WHEN o.wait_s IS NULL THEN NULL
        ELSE clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => o.wait_s) END
FROM outcome o WHERE e.id = o.id

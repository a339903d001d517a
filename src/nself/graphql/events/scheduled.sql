-- name: fetch
UPDATE {events} SET status = 'locked', next_retry_at = clock_timestamp() + make_interval(secs => $2)
WHERE id = ANY (ARRAY(
    SELECT id FROM {events}
    WHERE scheduled_time <= now()
        AND (status = 'scheduled' AND (next_retry_at IS NULL OR next_retry_at <= now())
            OR status = 'locked' AND (next_retry_at IS NULL OR next_retry_at < now()))
        AND ($3::text[] IS NULL OR {trigger_name} = ANY ($3::text[]))
    ORDER BY scheduled_time LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING *, EXTRACT(EPOCH FROM now() - scheduled_time)::float8 AS late_s,
    to_char(scheduled_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS scheduled_at,
    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS made_at

-- name: renew
UPDATE {events} SET next_retry_at = clock_timestamp() + make_interval(secs => $2)
WHERE id = ANY ($1::text[]) AND status = 'locked'

-- name: release
UPDATE {events} SET status = 'scheduled', next_retry_at = NULL WHERE id = ANY ($1::text[]) AND status = 'locked'

-- name: record
WITH outcome AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[])
        AS o(id, status, request, response, state, wait_s)
), changed AS (
    UPDATE {events} e
    SET status = o.state, tries = e.tries + (o.status IS NOT NULL)::int,
        next_retry_at = clock_timestamp() + make_interval(secs => o.wait_s)
    FROM outcome o WHERE e.id = o.id
    RETURNING e.id
)
INSERT INTO {logs} (id, event_id, status, request, response, created_at)
SELECT gen_random_uuid()::text, id, o.status, o.request::json, o.response::json, clock_timestamp()
FROM outcome o JOIN changed USING (id) WHERE o.status IS NOT NULL

-- name: events
SELECT row_to_json(e)::text FROM {events} e
WHERE ($1::text IS NULL OR {trigger_name} = $1) AND ($2::text[] IS NULL OR status = ANY ($2))
ORDER BY CASE WHEN status IN ('scheduled', 'locked') THEN scheduled_time END, scheduled_time DESC, id
LIMIT $3 OFFSET $4

-- name: count_events
SELECT count(*) FROM {events} e
WHERE ($1::text IS NULL OR {trigger_name} = $1) AND ($2::text[] IS NULL OR status = ANY ($2))

-- name: delete
DELETE FROM {events} WHERE id = $1 RETURNING id

-- name: invocations
SELECT row_to_json(l)::text FROM {logs} l JOIN {events} e ON e.id = l.event_id
WHERE ($1::text IS NULL OR {trigger_name} = $1) AND ($2::text IS NULL OR event_id = $2)
ORDER BY l.created_at DESC, l.id LIMIT $3 OFFSET $4

-- name: count_invocations
SELECT count(*) FROM {logs} l JOIN {events} e ON e.id = l.event_id
WHERE ($1::text IS NULL OR {trigger_name} = $1) AND ($2::text IS NULL OR event_id = $2)

-- name: clean
WITH deleted AS (
    DELETE FROM {events} WHERE id = ANY (ARRAY(
        SELECT id FROM {events}
        WHERE status IN ('delivered', 'error', 'dead') AND scheduled_time < now() - make_interval(days => $1)
        LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) FROM deleted

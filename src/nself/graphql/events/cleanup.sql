-- name: now
SELECT now() AT TIME ZONE 'UTC'

-- name: plan
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::timestamp[]) AS w(trigger_name, scheduled_at)
), unplanned AS (
    DELETE FROM hdb_catalog.event_log_cleanups c USING wanted w
    WHERE c.trigger_name = w.trigger_name AND c.status = 'scheduled'
        AND c.scheduled_at > $3 AND c.scheduled_at <> w.scheduled_at
), missed AS (
    UPDATE hdb_catalog.event_log_cleanups c SET status = 'dead'
    FROM wanted w
    WHERE c.trigger_name = w.trigger_name AND c.status = 'scheduled' AND c.scheduled_at <= $3
        AND EXISTS (
            SELECT FROM hdb_catalog.event_log_cleanups later
            WHERE later.trigger_name = c.trigger_name AND later.status = 'scheduled'
                AND later.scheduled_at > c.scheduled_at AND later.scheduled_at <= $3)
)
INSERT INTO hdb_catalog.event_log_cleanups AS c (id, trigger_name, scheduled_at, status)
SELECT gen_random_uuid()::text, trigger_name, scheduled_at, 'scheduled' FROM wanted
ON CONFLICT (trigger_name, scheduled_at) DO UPDATE SET status = 'scheduled' WHERE c.status = 'paused'

-- name: patience
SELECT set_config('statement_timeout', $1::text, true)

-- name: clean
WITH due AS (
    SELECT id FROM hdb_catalog.event_log_cleanups
    WHERE trigger_name = $1 AND status = 'scheduled' AND scheduled_at <= now() AT TIME ZONE 'UTC'
    ORDER BY scheduled_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED
), old AS (
    SELECT id FROM hdb_catalog.event_log
    WHERE trigger_name = $1 AND (delivered OR error) AND locked IS NULL AND EXISTS (SELECT FROM due)
        AND created_at < now() AT TIME ZONE 'UTC' - make_interval(hours => $2)
    LIMIT $3 FOR UPDATE SKIP LOCKED
), logs AS (
    DELETE FROM hdb_catalog.event_invocation_logs WHERE $4 AND event_id IN (SELECT id FROM old) RETURNING 1
), events AS (
    DELETE FROM hdb_catalog.event_log WHERE id IN (SELECT id FROM old) RETURNING 1
), counted AS (
    SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM logs) AS logs
)
UPDATE hdb_catalog.event_log_cleanups c
SET deleted_event_logs = coalesce(c.deleted_event_logs, 0) + counted.events,
    deleted_event_invocation_logs = coalesce(c.deleted_event_invocation_logs, 0) + counted.logs,
    status = CASE WHEN counted.events < $3 THEN 'completed' ELSE 'scheduled' END
FROM due, counted WHERE c.id = due.id
RETURNING counted.events AS deleted, c.status = 'completed' AS completed

-- name: give_up
UPDATE hdb_catalog.event_log_cleanups SET status = 'dead'
WHERE trigger_name = $1 AND status = 'scheduled' AND scheduled_at <= now() AT TIME ZONE 'UTC'

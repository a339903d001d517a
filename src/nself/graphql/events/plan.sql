-- name: upcoming
SELECT name, count(e.id) AS ahead, greatest(now(), max(e.scheduled_time)) AS last
FROM unnest($1::text[]) AS name
LEFT JOIN hdb_catalog.hdb_cron_events e
    ON e.trigger_name = name AND e.status = 'scheduled' AND e.scheduled_time > now()
GROUP BY name

-- name: plan
INSERT INTO hdb_catalog.hdb_cron_events (id, trigger_name, scheduled_time)
SELECT gen_random_uuid()::text, o.name, o.moment
FROM unnest($1::text[], $2::timestamptz[]) AS o(name, moment)
WHERE o.moment > now()
ON CONFLICT (trigger_name, scheduled_time) WHERE status = 'scheduled' DO NOTHING

-- name: unplan
DELETE FROM hdb_catalog.hdb_cron_events
WHERE trigger_name = ANY ($1::text[]) AND status = 'scheduled' AND scheduled_time > now()

-- name: put
INSERT INTO hdb_catalog.hdb_scheduled_events
    (id, webhook_conf, scheduled_time, retry_conf, payload, header_conf, comment)
VALUES (gen_random_uuid()::text, $1::text::json, $2, $3::text::json, $4::text::json, $5::text::json, $6)
RETURNING id

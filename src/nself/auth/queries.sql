-- name: user_by_id
SELECT u.*, ARRAY(SELECT r.role FROM auth.user_roles r WHERE r.user_id = u.id ORDER BY r.role) AS roles
FROM auth.users u WHERE u.id = $1

-- name: user_by_email
SELECT u.*, ARRAY(SELECT r.role FROM auth.user_roles r WHERE r.user_id = u.id ORDER BY r.role) AS roles
FROM auth.users u WHERE u.email = $1::text::citext

-- name: user_by_ticket
SELECT u.*, ARRAY(SELECT r.role FROM auth.user_roles r WHERE r.user_id = u.id ORDER BY r.role) AS roles
FROM auth.users u WHERE u.ticket = $1 AND u.ticket_expires_at > now()

-- name: user_by_refresh_token
-- The token itself, or the one it replaced less than $2 seconds ago.
SELECT u.*, ARRAY(SELECT r.role FROM auth.user_roles r WHERE r.user_id = u.id ORDER BY r.role) AS roles
FROM auth.users u WHERE u.id = (
    SELECT t.user_id FROM auth.refresh_tokens t
    WHERE t.refresh_token_hash = $1 AND t.type = 'regular' AND t.expires_at > now()
    UNION ALL
    SELECT t.user_id FROM nself_auth.refresh_token_grace g JOIN auth.refresh_tokens t ON t.id = g.refresh_token_id
    WHERE g.previous_hash = $1 AND g.rotated_at > now() - make_interval(secs => $2)
        AND t.type = 'regular' AND t.expires_at > now()
    LIMIT 1
)

-- name: add_user
-- The user, the roles and, when $12 is given, the first refresh token: all or nothing.
WITH added AS (
    INSERT INTO auth.users (
        id, email, password_hash, display_name, avatar_url, locale, default_role, metadata, disabled, is_anonymous,
        ticket, ticket_expires_at, last_seen
    )
    VALUES (
        $1, $2::text::citext, $3, $4, $5, $6, $7, $8::jsonb, $9, $10,
        $14, now() + make_interval(secs => $15), CASE WHEN $12::text IS NOT NULL THEN now() END
    )
    RETURNING *
), roles AS (
    INSERT INTO auth.user_roles (user_id, role) SELECT added.id, unnest($11::text[]) FROM added
), token AS (
    INSERT INTO auth.refresh_tokens (user_id, refresh_token_hash, expires_at)
    SELECT added.id, $12, now() + make_interval(secs => $13) FROM added WHERE $12::text IS NOT NULL
    RETURNING id
)
SELECT added.*, $11::text[] AS roles, (SELECT id FROM token) AS refresh_token_id FROM added

-- name: add_refresh_token
WITH seen AS (UPDATE auth.users SET last_seen = now() WHERE id = $1)
INSERT INTO auth.refresh_tokens (user_id, refresh_token_hash, expires_at)
VALUES ($1, $2, now() + make_interval(secs => $3)) RETURNING id

-- name: rotate_refresh_token
-- One statement, so that of two callers with the same token one finds it gone.
WITH rotated AS (
    UPDATE auth.refresh_tokens SET refresh_token_hash = $2, expires_at = now() + make_interval(secs => $3)
    WHERE refresh_token_hash = $1 AND type = 'regular' AND expires_at > now()
    RETURNING id, user_id
), remembered AS (
    INSERT INTO nself_auth.refresh_token_grace (refresh_token_id, previous_hash, rotated_at)
    SELECT id, $1, now() FROM rotated WHERE $4::float8 > 0
    ON CONFLICT (refresh_token_id) DO UPDATE SET previous_hash = excluded.previous_hash, rotated_at = now()
), seen AS (
    UPDATE auth.users SET last_seen = now() FROM rotated WHERE users.id = rotated.user_id
)
SELECT id FROM rotated

-- name: lock_graced_token
-- Tokens before their grace row, the order in which a rotation takes them too: no deadlock.
SELECT t.id, t.refresh_token_hash FROM auth.refresh_tokens t
WHERE t.type = 'regular' AND t.expires_at > now() AND t.id = (
    SELECT refresh_token_id FROM nself_auth.refresh_token_grace WHERE previous_hash = $1
)
FOR UPDATE OF t

-- name: spend_grace
UPDATE nself_auth.refresh_token_grace SET previous_hash = $3, rotated_at = now()
WHERE refresh_token_id = $1 AND previous_hash = $2 AND rotated_at > now() - make_interval(secs => $4)
RETURNING refresh_token_id

-- name: replace_refresh_token
WITH replaced AS (
    UPDATE auth.refresh_tokens SET refresh_token_hash = $2, expires_at = now() + make_interval(secs => $3)
    WHERE id = $1 RETURNING user_id
)
UPDATE auth.users SET last_seen = now() FROM replaced WHERE users.id = replaced.user_id

-- name: delete_refresh_token
DELETE FROM auth.refresh_tokens WHERE refresh_token_hash = $1

-- name: delete_refresh_tokens_of_user
DELETE FROM auth.refresh_tokens WHERE user_id = $1 AND type = 'regular'

-- name: issue_ticket
-- $2 is the new ticket, $3 the prefix of its kind if it goes out by mail: then one that still works is kept, so that an
-- older mail stays good; not so when it was meant for another new address ($5).
UPDATE auth.users SET
    ticket = CASE
        WHEN starts_with(ticket, $3) AND ticket_expires_at > now()
            AND new_email IS NOT DISTINCT FROM coalesce($5::text::citext, new_email)
        THEN ticket ELSE $2 END,
    ticket_expires_at = now() + make_interval(secs => $4),
    new_email = coalesce($5::text::citext, new_email)
WHERE id = $1 RETURNING ticket

-- name: spend_ticket
UPDATE auth.users SET ticket = NULL, ticket_expires_at = now()
WHERE ticket = $1 AND ticket_expires_at > now() RETURNING id

-- name: mark_email_verified
UPDATE auth.users SET email_verified = true WHERE id = $1

-- name: confirm_new_email
UPDATE auth.users SET email = new_email, new_email = NULL, email_verified = true WHERE id = $1 AND new_email IS NOT NULL

-- name: set_password
-- Whoever held a session with the old password has to sign in again; personal access tokens stay.
WITH changed AS (
    UPDATE auth.users SET password_hash = $2, ticket = NULL, ticket_expires_at = now() WHERE id = $1 RETURNING id
)
DELETE FROM auth.refresh_tokens t USING changed WHERE t.user_id = changed.id AND t.type = 'regular'

-- name: set_password_by_ticket
WITH changed AS (
    UPDATE auth.users SET password_hash = $2, ticket = NULL, ticket_expires_at = now()
    WHERE ticket = $1 AND ticket_expires_at > now() RETURNING id
), signed_out AS (
    DELETE FROM auth.refresh_tokens t USING changed WHERE t.user_id = changed.id AND t.type = 'regular'
)
SELECT id FROM changed

-- name: add_roles
INSERT INTO auth.roles (role) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING

-- name: count_hit
-- Sliding window out of two counters: this window's hits, and the share of the last one's that the window still covers.
-- Hits beyond the burst ($3) are not counted on, so a client that keeps knocking is let in again after one window.
INSERT INTO nself_auth.rate_limits AS r (key, window_number, hits, previous_hits) VALUES ($1, $2, 1, 0)
ON CONFLICT (key) DO UPDATE SET
    previous_hits = CASE excluded.window_number - r.window_number
        WHEN 0 THEN r.previous_hits WHEN 1 THEN least(r.hits, $3) ELSE 0 END,
    hits = CASE WHEN r.window_number = excluded.window_number THEN least(r.hits, $3) + 1 ELSE 1 END,
    window_number = excluded.window_number, updated_at = now()
RETURNING hits, previous_hits

-- name: sweep
-- Expired rows serve nobody. $1: after how many seconds a rate counter is of no more use.
WITH tokens AS (
    DELETE FROM auth.refresh_tokens WHERE expires_at < now() RETURNING 1
), tickets AS (
    UPDATE auth.users SET ticket = NULL WHERE ticket IS NOT NULL AND ticket_expires_at < now() RETURNING 1
), grace AS (
    DELETE FROM nself_auth.refresh_token_grace WHERE rotated_at < now() - interval '1 hour'
), limits AS (
    DELETE FROM nself_auth.rate_limits WHERE updated_at < now() - make_interval(secs => $1)
)
SELECT (SELECT count(*) FROM tokens) AS tokens, (SELECT count(*) FROM tickets) AS tickets

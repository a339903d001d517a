-- name: insert
INSERT INTO mail.messages (id, message_id, return_path, sender, recipients, copies, blind_copies, reply_to, subject,
                           snippet, searchable, attachments, size, raw)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
RETURNING id, message_id, read, sender, recipients, copies, blind_copies, reply_to, subject, created, size, attachments,
          snippet;

-- name: prune
DELETE FROM mail.messages
WHERE arrival <= (SELECT arrival FROM mail.messages ORDER BY arrival DESC OFFSET $1 LIMIT 1);

-- name: counts
SELECT count(*) AS total, count(*) FILTER (WHERE NOT read) AS unread FROM mail.messages;

-- name: summaries
SELECT id, message_id, read, sender, recipients, copies, blind_copies, reply_to, subject, created, size, attachments,
       snippet
FROM mail.messages WHERE {conditions} ORDER BY arrival DESC LIMIT $1 OFFSET $2;

-- name: matching
SELECT count(*) FROM mail.messages WHERE {conditions};

-- name: delete_matching
DELETE FROM mail.messages WHERE {conditions};

-- name: by_id
SELECT id, created, return_path, blind_copies, raw FROM mail.messages WHERE id = $1;

-- name: latest
SELECT id, created, return_path, blind_copies, raw FROM mail.messages ORDER BY arrival DESC LIMIT 1;

-- name: set_read
UPDATE mail.messages SET read = $2 WHERE read <> $2 AND ($1::text[] IS NULL OR id = ANY ($1)) AND ({conditions});

-- name: delete
DELETE FROM mail.messages WHERE $1::text[] IS NULL OR id = ANY ($1);

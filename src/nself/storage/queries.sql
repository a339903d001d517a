-- What the server does in its own right. What a caller does goes through GraphQL, see gateway.py.

-- name: bucket
SELECT id, min_upload_file_size, max_upload_file_size, download_expiration, presigned_urls_enabled,
       coalesce(cache_control, '') AS cache_control
FROM storage.buckets WHERE id = $1;

-- name: largest_allowed
SELECT coalesce(max(max_upload_file_size), 0) FROM storage.buckets;

-- name: file
SELECT id::text, name, size, bucket_id, etag, created_at, updated_at, is_uploaded, mime_type,
       uploaded_by_user_id::text, metadata
FROM storage.files WHERE id = $1;

-- name: lock
-- Held to the end of the transaction: one writer of a file's content at a time, over all processes.
SELECT pg_advisory_xact_lock(hashtextextended('nself:storage:' || $1, 0));

-- name: complete
-- Metadata that is not given stays as it was.
UPDATE storage.files
SET etag = $2, size = $3, mime_type = $4, name = $5, metadata = coalesce($6, metadata), is_uploaded = true
WHERE id = $1
RETURNING id::text, name, size, bucket_id, etag, created_at, updated_at, is_uploaded, mime_type,
          uploaded_by_user_id::text, metadata;

-- name: set_etag
UPDATE storage.files SET etag = $2 WHERE id = $1
RETURNING id::text, name, size, bucket_id, etag, created_at, updated_at, is_uploaded, mime_type,
          uploaded_by_user_id::text, metadata;

-- name: forget_unfinished
DELETE FROM storage.files WHERE id = $1 AND is_uploaded IS NOT TRUE;

-- name: exists
SELECT EXISTS (SELECT FROM storage.files WHERE id = $1);

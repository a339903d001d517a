"""The storage server: files in buckets over HTTP, API-compatible with Nhost storage, guarded by GraphQL permissions."""

"""Nhost's storage API: files and buckets, rows in PostgreSQL, bytes on disk or in S3."""

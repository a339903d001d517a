"""The schema `storage` and its own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.storage.hosting import Storage


def test_the_default_bucket_can_be_changed_but_neither_deleted_nor_renamed(
    storage: Storage, sql: Callable[..., Any]
) -> None:
    with pytest.raises(asyncpg.RaiseError, match="delete default bucket"):
        sql("DELETE FROM storage.buckets WHERE id = 'default'")
    with pytest.raises(asyncpg.RaiseError, match="rename default bucket"):
        sql("UPDATE storage.buckets SET id = 'other' WHERE id = 'default'")
    sql("UPDATE storage.buckets SET download_expiration = 30 WHERE id = 'default'")


@pytest.mark.parametrize("seconds", [0, 604801])
def test_a_presigned_url_lives_between_a_second_and_a_week(
    storage: Storage, sql: Callable[..., Any], seconds: int
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        sql("INSERT INTO storage.buckets (id, download_expiration) VALUES ('x', $1)", seconds)


def test_a_bucket_takes_its_files_and_their_virus_reports_along(storage: Storage, sql: Callable[..., Any]) -> None:
    bucket, file = f"b-{uuid4()}", uuid4()
    sql("INSERT INTO storage.buckets (id) VALUES ($1)", bucket)
    sql("INSERT INTO storage.files (id, bucket_id) VALUES ($1, $2)", file, bucket)
    sql("INSERT INTO storage.virus (file_id, filename, virus, user_session) VALUES ($1, 'f', 'v', '{}')", file)
    sql("UPDATE storage.buckets SET id = $2 WHERE id = $1", bucket, f"{bucket}-renamed")
    (row,) = sql("SELECT bucket_id FROM storage.files WHERE id = $1", file)
    assert row["bucket_id"] == f"{bucket}-renamed"
    sql("DELETE FROM storage.buckets WHERE id = $1", f"{bucket}-renamed")
    assert sql("SELECT FROM storage.virus WHERE file_id = $1", file) == []


def test_updated_at_follows_every_change(storage: Storage, sql: Callable[..., Any]) -> None:
    file = uuid4()
    sql("INSERT INTO storage.files (id) VALUES ($1)", file)
    (row,) = sql("UPDATE storage.files SET name = 'x' WHERE id = $1 RETURNING created_at, updated_at", file)
    assert row["updated_at"] > row["created_at"]

"""A file's row as the API shows it, and a bucket's rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from nself.records import dataclass


class File(msgspec.Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """One row of `storage.files`. What an unfinished upload does not know yet is None."""

    id: str
    name: str | None
    size: int | None
    bucket_id: str
    etag: str | None
    created_at: datetime
    updated_at: datetime
    is_uploaded: bool | None
    mime_type: str | None
    uploaded_by_user_id: str | None = None
    metadata: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The rules of one row of `storage.buckets`. Sizes are bytes and inclusive, `download_expiration` is seconds."""

    id: str
    min_upload_file_size: int
    max_upload_file_size: int
    download_expiration: int
    presigned_urls_enabled: bool
    cache_control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a backend knows of a stored content. `etag` has its quotes; `revision` tells two contents apart."""

    size: int
    etag: str
    modified: datetime
    revision: str

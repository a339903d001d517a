"""Contents as objects of an S3 server: `<root folder>/<id>` in one bucket, addressed by path."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from anyio import to_thread
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import S3Store

from nself.storage import spool
from nself.storage.errors import ContentChangedError, FileMissingError, StoreUnavailableError
from nself.storage.model import Stored
from nself.storage.ranges import Span
from nself.storage.settings import StorageSettings
from nself.storage.spool import Spooled

if TYPE_CHECKING:
    from obstore import BytesStream, GetOptions, ObjectMeta

log = logging.getLogger("nself.storage")

_SINGLE_PUT_BYTES = 16 * 1024 * 1024
"""Up to here one request, whose ETag is the content's MD5; above, parts of this size, two under way at a time."""
_CHUNK = 256 * 1024


class S3Backend:
    def __init__(self, settings: StorageSettings) -> None:
        self.staging = Path(settings.spool_dir or Path(tempfile.gettempdir()) / f"nself-storage-{os.geteuid()}")
        self._bucket = settings.s3_bucket
        self._store = _store(settings)

    async def open(self) -> None:
        await to_thread.run_sync(spool.prepare, self.staging)

    async def close(self) -> None:
        """The client keeps nothing that must be handed back."""

    async def put(self, key: str, content: Spooled, *, mime_type: str) -> str:
        try:
            with _translated():
                done = await obstore.put_async(
                    self._store,
                    key,
                    content.path,
                    attributes={"Content-Type": mime_type},
                    use_multipart=content.size > _SINGLE_PUT_BYTES,
                    chunk_size=_SINGLE_PUT_BYTES,
                    max_concurrency=2,
                )
        except FileMissingError as error:
            log.error("the bucket %s does not exist in the object store", self._bucket)
            raise StoreUnavailableError("the object store has no place for files") from error
        return _quoted(done["e_tag"] or content.md5)

    async def stat(self, key: str) -> Stored:
        with _translated():
            return _stored(await obstore.head_async(self._store, key))

    async def read(self, key: str, stored: Stored, span: Span) -> AsyncGenerator[bytes, None]:
        options: GetOptions = {"if_match": stored.etag}
        if span.length == 0:
            return _chunks(None)
        if not span.whole:
            options["range"] = (span.start, span.end)
        with _translated():
            found = await obstore.get_async(self._store, key, options=options)
        if _stored(found.meta) != stored:  # a store that does not know If-Match
            raise ContentChangedError
        return _chunks(found.stream(min_chunk_size=_CHUNK))

    async def delete(self, key: str) -> None:
        try:
            with _translated():
                await obstore.delete_async(self._store, key)
        except FileMissingError:
            pass


def _store(settings: StorageSettings) -> S3Store:
    config: dict[str, Any] = {
        "region": settings.s3_region,
        "virtual_hosted_style_request": False,
        "client_options": {"allow_http": True, "connect_timeout": "5s", "timeout": "1h", "read_timeout": "30s"},
        "retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    }
    if settings.s3_endpoint:
        config["endpoint"] = settings.s3_endpoint
    if settings.s3_access_key:
        config |= {"access_key_id": settings.s3_access_key, "secret_access_key": settings.s3_secret_key or ""}
    if settings.s3_root_folder:
        config["prefix"] = settings.s3_root_folder
    return S3Store(settings.s3_bucket, **config)


async def _chunks(source: BytesStream | None) -> AsyncGenerator[bytes, None]:
    if source is not None:
        with _translated():
            async for chunk in source:
                yield bytes(chunk)


def _stored(meta: ObjectMeta) -> Stored:
    etag = _quoted(meta["e_tag"] or "")
    return Stored(size=meta["size"], etag=etag, modified=meta["last_modified"], revision=etag)


def _quoted(etag: str) -> str:
    return etag if etag.startswith('"') else f'"{etag}"'


@contextmanager
def _translated() -> Iterator[None]:
    """The store's errors in our words. Its texts may quote URLs and keys: they go to the log only."""
    try:
        yield
    except FileNotFoundError:
        raise FileMissingError from None
    except PreconditionError:
        raise ContentChangedError from None
    except (BaseError, OSError) as error:
        log.error("the object store failed: %s", str(error).partition("\n")[0][:300])
        raise StoreUnavailableError("the object store does not answer") from error

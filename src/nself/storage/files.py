"""The verbs: store, replace, find, remove. The gateway permits, the bucket limits, the backend keeps the content."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from nself.storage import mime, names
from nself.storage.backends import Backend
from nself.storage.errors import FileMissingError, FormError, NotUploadedError, SizeError
from nself.storage.form import FilePart
from nself.storage.gateway import Caller, Gateway
from nself.storage.model import Bucket, File
from nself.storage.rows import Rows, Writing
from nself.storage.spool import Spooled

Given = TypeVar("Given", bound="UpdateMetadata")


class UpdateMetadata(msgspec.Struct):
    """What a client may say of a file it replaces (`metadata`)."""

    name: str | None = None
    metadata: dict[str, Any] | None = None


class UploadMetadata(UpdateMetadata):
    """What a client may say of a new file (`metadata[]`)."""

    id: str | None = None


def decode_metadata(raw: bytes, kind: type[Given]) -> Given:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise FormError("couldn't decode metadata") from error


class Files:
    def __init__(self, gateway: Gateway, rows: Rows, backend: Backend) -> None:
        self.gateway, self.rows, self.backend = gateway, rows, backend

    async def store(self, part: FilePart, given: UploadMetadata, bucket: Bucket, caller: Caller) -> File:
        """One new file: a row as the caller, then the content, then the row complete. All of it or nothing."""
        name = names.text(given.name or part.name)
        check_size(part.content, name, bucket)
        file_id = names.file_id(given.id) if given.id else str(uuid4())
        mime_type = mime.detect(part.content.head, declared=part.declared_type, name=name)
        await self.gateway.insert(
            caller, id=file_id, bucket_id=bucket.id, name=name, mime_type=mime_type, size=part.content.size
        )
        try:
            async with self.rows.writing(file_id) as writing:
                return await self._put(writing, part.content, mime_type, name, given.metadata)
        except BaseException:
            # Whatever stopped us, a shutdown included: a file that was not acknowledged leaves nothing behind.
            await self.rows.forget_unfinished(file_id)
            await self._drop_content(file_id)
            raise

    async def replace(self, file: File, part: FilePart, given: UpdateMetadata) -> File:
        """New content for a `replaceable` file. The old one is served until the new one is complete."""
        name = names.text(given.name or part.name)
        check_size(part.content, name, await self.rows.bucket(file.bucket_id))
        mime_type = mime.detect(part.content.head, declared=part.declared_type, name=name)
        async with self.rows.writing(file.id) as writing:
            return await self._put(writing, part.content, mime_type, name, given.metadata)

    async def visible(self, file_id: str, caller: Caller) -> File:
        """The row, whether or not its upload is complete. FileMissingError if the caller may not see it."""
        file = await self.gateway.file(names.file_id(file_id), caller)
        if file is None:
            raise FileMissingError
        return file

    async def replaceable(self, file_id: str, caller: Caller) -> File:
        """The row, if the caller may see and update it."""
        file = await self.visible(file_id, caller)
        await self.gateway.may_replace(file, caller)
        return file

    async def remove(self, file_id: str, caller: Caller) -> None:
        canonical = names.file_id(file_id)
        if not await self.gateway.delete(canonical, caller):
            raise FileMissingError
        await self._drop_content(canonical)

    async def _put(self, writing: Writing, content: Spooled, mime_type: str, name: str, metadata: Any) -> File:
        """Row first: whatever the database refuses is refused before the content moves."""
        file = await writing.complete(
            etag=f'"{content.md5}"', size=content.size, mime_type=mime_type, name=name, metadata=metadata
        )
        etag = await self.backend.put(writing.file_id, content, mime_type=mime_type)
        return file if etag == file.etag else await writing.set_etag(etag)

    async def _drop_content(self, file_id: str) -> None:
        """Remove a content whose row is gone; a row that came back meanwhile keeps its content."""
        async with self.rows.writing(file_id) as writing:
            if not await writing.row_exists():
                await self.backend.delete(file_id)


def uploaded(file: File) -> File:
    """`file`, unless its upload is not complete."""
    if not file.is_uploaded:
        raise NotUploadedError
    return file


def check_size(content: Spooled, name: str, bucket: Bucket) -> None:
    if content.size > bucket.max_upload_file_size:
        limit = {"maxSize": bucket.max_upload_file_size}
        raise SizeError("file too big", data={"filename": name, "size": content.size, **limit})
    if content.size < bucket.min_upload_file_size:
        limit = {"minSize": bucket.min_upload_file_size}
        raise SizeError("file too small", data={"filename": name, "size": content.size, **limit})

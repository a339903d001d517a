"""The verbs where they meet: what one is doing to a file while another begins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from nself.pg import migrations
from nself.pg.database import Database
from nself.storage.backends.disk import DiskBackend
from nself.storage.errors import FileMissingError, StoreFullError
from nself.storage.files import Files, UploadMetadata
from nself.storage.form import FilePart
from nself.storage.gateway import Caller
from nself.storage.model import File
from nself.storage.rows import Rows
from nself.storage.spool import Spooled

ANYONE = Caller(())


class Permissive:
    """A gateway that lets everybody do everything, in the real tables."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def insert(self, caller: Caller, *, id: str, bucket_id: str, name: str, mime_type: str, size: int) -> None:
        await self.database.execute("INSERT INTO storage.files (id, bucket_id) VALUES ($1, $2)", id, bucket_id)

    async def delete(self, file_id: str, caller: Caller) -> bool:
        return await self.database.execute("DELETE FROM storage.files WHERE id = $1", file_id) == "DELETE 1"


@asynccontextmanager
async def opened(dsn: str, root: Path) -> AsyncIterator[Files]:
    database = await Database.open(dsn, name="test")
    try:
        async with database.connection() as connection:
            await migrations.up(connection, migrations.of_package("nself.storage"), schema="storage")
        backend = DiskBackend(root)
        await backend.open()
        yield Files(Permissive(database), Rows(database), backend)  # type: ignore[arg-type]
    finally:
        await database.close()


async def store(files: Files, id: str, content: bytes = b"content") -> File:
    spooled = Spooled(files.backend.staging, ceiling=100)
    await spooled.write(content)
    await spooled.finish()
    part = FilePart(field="file[]", name="a", declared_type="", content=spooled)
    try:
        return await files.store(part, UploadMetadata(id=id), await files.rows.bucket("default"), ANYONE)
    finally:
        await spooled.discard()


async def waits_for_lock(database: Database) -> bool:
    query = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
    return bool(await database.fetch_value(query))


def test_a_file_uploaded_again_while_the_old_one_is_being_removed_keeps_its_content(dsn: str, tmp_path: Path) -> None:
    async def go() -> None:
        async with opened(dsn, tmp_path) as files:
            id, removing, go_on = str(uuid4()), asyncio.Event(), asyncio.Event()
            remove = files.backend.delete

            async def slowly(key: str) -> None:
                removing.set()
                await go_on.wait()
                await remove(key)

            await store(files, id, b"old")
            files.backend.delete = slowly  # type: ignore[method-assign]
            deletion = asyncio.create_task(files.remove(id, ANYONE))
            await removing.wait()
            upload = asyncio.create_task(store(files, id, b"new"))
            while not (upload.done() or await waits_for_lock(files.gateway.database)):  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(deletion, upload)
            assert (tmp_path / id[:2] / id).read_bytes() == b"new"

    asyncio.run(go())


def test_a_file_deleted_while_its_content_was_on_the_way_leaves_none(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        async with opened(dsn, tmp_path) as files:
            id = str(uuid4())
            insert = Permissive.insert

            async def and_deleted(self: Permissive, caller: Caller, **row: Any) -> None:
                await insert(self, caller, **row)
                await self.delete(id, caller)

            monkeypatch.setattr(Permissive, "insert", and_deleted)
            with pytest.raises(FileMissingError):
                await store(files, id)
            assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    asyncio.run(go())


@pytest.mark.parametrize("failure", [StoreFullError(), asyncio.CancelledError()])
def test_an_upload_that_ends_before_its_content_is_in_place_takes_its_row_back(
    dsn: str, tmp_path: Path, failure: BaseException
) -> None:
    async def go() -> None:
        async with opened(dsn, tmp_path) as files:
            id = str(uuid4())

            async def broken(key: str, content: Spooled, *, mime_type: str) -> str:
                raise failure

            files.backend.put = broken  # type: ignore[method-assign]
            with pytest.raises(type(failure)):
                await store(files, id)
            with pytest.raises(FileMissingError):
                await files.rows.file(id)

    asyncio.run(go())

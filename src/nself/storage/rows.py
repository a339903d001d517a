"""The server's own look at its tables: buckets' rules, the end of an upload. What a caller may do is gateway.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from nself.pg import queries
from nself.pg.database import Connection, Database, PostgresError
from nself.records import dataclass
from nself.storage.errors import BucketMissingError, FileMissingError, InputError
from nself.storage.model import Bucket, File

SQL = queries.load("nself.storage")
CONNECTIONS = 10
_WRITERS = CONNECTIONS // 2
"""A writer keeps a connection while a content moves: the other half stays free for everyone else."""
_VALUE_REFUSED = ("22", "23", "54")
"""SQLSTATE classes that blame the value: data exception, constraint violation, too complex."""


@dataclass(frozen=True, slots=True)
class Writing:
    """The right to change one file's content, for the length of `Rows.writing`'s block."""

    file_id: str
    connection: Connection

    async def complete(self, *, etag: str, size: int, mime_type: str, name: str, metadata: Any) -> File:
        """Describe the new content and mark the file uploaded. FileMissingError if the row was deleted meanwhile."""
        return await self._update(SQL["complete"], self.file_id, etag, size, mime_type, name, metadata)

    async def set_etag(self, etag: str) -> File:
        """For a store that names contents its own way."""
        return await self._update(SQL["set_etag"], self.file_id, etag)

    async def row_exists(self) -> bool:
        return bool(await self.connection.fetchval(SQL["exists"], self.file_id))

    async def _update(self, sql: LiteralString, *values: Any) -> File:
        try:
            row = await self.connection.fetchrow(sql, *values)
        except PostgresError as error:
            if str(error.sqlstate)[:2] in _VALUE_REFUSED:
                raise InputError(str(error)) from error
            raise
        if row is None:
            raise FileMissingError
        return File(**dict(row))


class Rows:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._writers = asyncio.Semaphore(_WRITERS)

    async def bucket(self, bucket_id: str) -> Bucket:
        row = await self._database.fetch_row(SQL["bucket"], bucket_id)
        if row is None:
            raise BucketMissingError
        return Bucket(**dict(row))

    async def largest_allowed(self) -> int:
        """The size that no bucket lets a file exceed."""
        return int(await self._database.fetch_value(SQL["largest_allowed"]))

    async def file(self, file_id: str) -> File:
        row = await self._database.fetch_row(SQL["file"], file_id)
        if row is None:
            raise FileMissingError
        return File(**dict(row))

    async def forget_unfinished(self, file_id: str) -> None:
        """Remove the row of an upload that failed."""
        await self._database.execute(SQL["forget_unfinished"], file_id)

    @asynccontextmanager
    async def writing(self, file_id: str) -> AsyncIterator[Writing]:
        """Alone with one file's content, over all processes of this server.

        One transaction: the row changes at the end of the block, or not at all when it raises.
        """
        async with self._writers, self._database.transaction() as connection:
            await connection.execute(SQL["lock"], file_id)
            yield Writing(file_id, connection)

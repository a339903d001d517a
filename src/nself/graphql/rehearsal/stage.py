"""A database on which nothing lasts: one transaction that is never committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import asyncpg

from nself.errors import DatabaseError
from nself.pg.database import CONNECTION_LOST, Connection, Database, PostgresError, Row

_SETTINGS = {"application_name": "nself-rehearsal", "lock_timeout": "10s", "statement_timeout": "60s", "jit": "off"}


class Stage(Database):
    """One connection inside one transaction. Whoever asks takes turns; a failed statement spoils nothing, each has a
    savepoint of its own."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection, self._one_at_a_time = connection, asyncio.Lock()

    async def fetch(self, sql: LiteralString, *args: Any) -> list[Row]:
        async with self.transaction() as connection:
            return await connection.fetch(sql, *args)

    async def fetch_row(self, sql: LiteralString, *args: Any) -> Row | None:
        async with self.transaction() as connection:
            return await connection.fetchrow(sql, *args)

    async def read_row(self, sql: LiteralString, *args: Any) -> Row | None:
        return await self.fetch_row(sql, *args)

    async def fetch_value(self, sql: LiteralString, *args: Any) -> Any:
        async with self.transaction() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: LiteralString, *args: Any) -> str:
        async with self.transaction() as connection:
            return await connection.execute(sql, *args)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self.transaction() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._one_at_a_time, self._connection.transaction():
            yield self._connection

    @asynccontextmanager
    async def scene(self) -> AsyncIterator[None]:
        """What happens in the block is taken back at its end."""
        savepoint = self._connection.transaction()
        await savepoint.start()
        try:
            yield
        finally:
            await savepoint.rollback()


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Stage]:
    """Everything done on the stage is rolled back when the block ends, however it ends."""
    try:
        connection = await asyncpg.connect(dsn, server_settings=_SETTINGS, timeout=10)
    except (*CONNECTION_LOST, PostgresError, TimeoutError) as error:
        raise DatabaseError(
            f"the database cannot be reached: {error}", fixes=["nself start postgres", "nself status postgres"]
        ) from error
    try:
        stage = Stage(connection)
        async with stage.scene():
            yield stage
    finally:
        await connection.close(timeout=5)

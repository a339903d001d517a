"""A pool of connections to one database, and the errors of the driver translated at the door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import asyncpg

from nself.errors import DatabaseError
from nself.pg.at_hand import AtHand, clear

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]
else:
    Connection = asyncpg.Connection
Row = asyncpg.Record
PostgresError = asyncpg.PostgresError
DriverError = asyncpg.InterfaceError
UniqueViolation = asyncpg.UniqueViolationError
UndefinedTable = asyncpg.UndefinedTableError
StatementCancelled = asyncpg.QueryCanceledError
"""By `statement_timeout`, or by somebody."""
MISSING_OBJECT = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
CONNECTION_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    # What a statement is told on a connection that has just been sent the server's goodbye.
    asyncpg.InternalClientError,
)
"""What a call raises while the server is away or restarting; the pool reconnects by itself."""


class Database:
    """Opened once per server. json and jsonb arrive as Python values; everything else as asyncpg gives it."""

    def __init__(
        self, pool: asyncpg.Pool[Any], *, patience_s: float | None = None, lifetime_s: float | None = None
    ) -> None:
        self._pool, self._patience_s = pool, patience_s
        self._at_hand = AtHand(pool)
        self._renewing = asyncio.create_task(self._renew(lifetime_s)) if lifetime_s else None

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        name: str,
        min_size: int = 1,
        max_size: int = 10,
        wait_s: float = 30.0,
        raw_json: bool = False,
        settings: Mapping[str, str] | None = None,
        connect_s: float = 60.0,
        idle_s: float = 60.0,
        patience_s: float | None = None,
        lifetime_s: float | None = None,
    ) -> Database:
        """Connect, waiting up to `wait_s` for a server that is still starting. `name` shows in pg_stat_activity;
        `settings` are PostgreSQL's own (`statement_timeout`), the default of every connection. `patience_s` bounds the
        wait for a connection while all are in use; then TimeoutError. No connection is used for longer than
        `lifetime_s`, but for what is under way on it."""

        async def prepare(connection: asyncpg.Connection[Any]) -> None:
            if not raw_json:
                for kind in ("json", "jsonb"):
                    await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")

        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            try:
                pool = await asyncpg.create_pool(
                    dsn,
                    min_size=min_size,
                    max_size=max_size,
                    init=prepare,
                    reset=clear,
                    # Compiling pays off for statements that run for seconds, ours would wait for it.
                    server_settings={"application_name": name, "jit": "off", **(settings or {})},
                    max_inactive_connection_lifetime=idle_s,
                    timeout=connect_s,
                    # Live queries take turns: with room for fewer statements than there are, none is ever found again.
                    statement_cache_size=500,
                )
                return cls(pool, patience_s=patience_s, lifetime_s=lifetime_s)
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise DatabaseError(
                        f"{name} cannot reach PostgreSQL: {error}",
                        fixes=["nself status postgres", "nself start postgres"],
                    ) from error
                await asyncio.sleep(0.05)
            except asyncpg.PostgresError as error:
                raise DatabaseError(f"{name} cannot use PostgreSQL: {error}", fixes=["nself doctor"]) from error

    async def _renew(self, lifetime_s: float) -> None:
        """Which connection is how old only the pool knows; it replaces all of them, each when it is next wanted."""
        while True:
            await asyncio.sleep(lifetime_s)
            await self._pool.expire_connections()

    async def close(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
        await self._at_hand.close()
        try:
            await asyncio.wait_for(self._pool.close(), timeout=5)
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, sql: LiteralString, *args: Any) -> list[Row]:
        async with self._at_hand.any_use() as connection:
            return await connection.fetch(sql, *args)

    async def fetch_row(self, sql: LiteralString, *args: Any) -> Row | None:
        async with self._at_hand.any_use() as connection:
            return await connection.fetchrow(sql, *args)

    async def read_row(self, sql: LiteralString, *args: Any) -> Row | None:
        """For a statement that sets nothing in its session: clearing the connection would be a second round trip."""
        connection = await self._at_hand.take(self._patience_s)
        try:
            row = await connection.fetchrow(sql, *args)
        except BaseException:
            await self._at_hand.drop(connection)
            raise
        await self._at_hand.keep(connection)
        return row

    async def read(self, sql: LiteralString, *args: Any) -> list[Row]:
        """`read_row` for any number of rows."""
        connection = await self._at_hand.take(None)
        try:
            rows = await connection.fetch(sql, *args)
        except BaseException:
            await self._at_hand.drop(connection)
            raise
        await self._at_hand.keep(connection)
        return rows

    async def fetch_value(self, sql: LiteralString, *args: Any) -> Any:
        async with self._at_hand.any_use() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: LiteralString, *args: Any) -> str:
        async with self._at_hand.any_use() as connection:
            return await connection.execute(sql, *args)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._at_hand.any_use(self._patience_s) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._at_hand.any_use(self._patience_s) as connection, connection.transaction():
            yield connection

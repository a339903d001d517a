"""Connections kept out of the pool between statements of busy times.

The way through asyncpg's pool and back costs as much as a small statement. Here a connection that nothing was left on
waits for the next statement without it, for a second at the most: then the pool has it again, with its rules for idle
and old connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[Any]
else:
    Connection = asyncpg.pool.PoolConnectionProxy

_LONGEST_S: Final = 1.0

_UNTOUCHED: ContextVar[bool] = ContextVar("untouched", default=False)
"""Whether the connection on its way back to the pool was used for nothing that leaves anything in its session."""


async def clear(connection: asyncpg.Connection[Any]) -> None:
    """For the pool's `reset`: what a connection was left with (settings, locks, listeners) is not the next user's."""
    if not _UNTOUCHED.get():
        await connection.execute(connection.get_reset_query())


class AtHand:
    """All connections of `pool` go through here: whoever waits for the pool has to be known."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool, self._free = pool, list[Connection]()
        self._waiting, self._closed = 0, False
        self._later: asyncio.TimerHandle | None = None
        self._returning: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def any_use(self, patience_s: float | None = None) -> AsyncIterator[Connection]:
        """The pool gets it back and clears it. TimeoutError if none became free within `patience_s`."""
        connection = await self.take(patience_s)
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    async def take(self, patience_s: float | None) -> Connection:
        """Whoever takes a connection has to call `keep` or `drop` with it."""
        while self._free:
            connection = self._free.pop()
            if _is_open(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=patience_s)
        finally:
            self._waiting -= 1

    async def keep(self, connection: Connection) -> None:
        """Nothing was left on it."""
        if self._waiting or self._closed:
            await self._release_untouched(connection)
            return
        self._free.append(connection)
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(_LONGEST_S, self._begin_return)

    async def drop(self, connection: Connection) -> None:
        """Something went wrong on it, or may have been left on it."""
        await self._pool.release(connection)

    async def close(self) -> None:
        """What comes back from now on goes on to the pool."""
        self._closed = True
        if self._later is not None:
            self._later.cancel()
        await self._return()

    def _begin_return(self) -> None:
        self._later = None
        self._returning = asyncio.create_task(self._return())

    async def _return(self) -> None:
        while self._free:
            await self._release_untouched(self._free.pop())

    async def _release_untouched(self, connection: Connection) -> None:
        token = _UNTOUCHED.set(True)
        try:
            await self._pool.release(connection)
        finally:
            _UNTOUCHED.reset(token)


def _is_open(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        # It was lost, and the pool has taken it back by itself.
        return False

"""Writes what came of deliveries: those that finish while a write is under way go into the next one, together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from nself.pg.database import CONNECTION_LOST, DriverError, PostgresError, UndefinedTable

LOG = logging.getLogger("nself.graphql")
_MOST = 500
_PAUSE_S = 1.0

T = TypeVar("T")


class Recorder(Generic[T]):
    """`write` stores many outcomes at once. While the database is away they are kept and tried again: whoever waits
    in `record` goes on waiting, so no more is begun than can be remembered."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(self, outcome: T) -> None:
        """Returns once it is stored."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, stored))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._work())
        await stored

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            await self._stored([outcome for outcome, _ in taken])
            for _, stored in taken:
                if not stored.done():
                    stored.set_result(None)

    async def _stored(self, outcomes: Sequence[T]) -> None:
        while True:
            try:
                return await self._write(outcomes)
            except UndefinedTable:
                # Clearing the metadata drops the tables: nobody asks for these outcomes any more.
                return None
            except (*CONNECTION_LOST, DriverError, PostgresError) as error:
                LOG.warning("outcomes of deliveries cannot be stored now: %s: %s", type(error).__name__, error)
                await asyncio.sleep(_PAUSE_S)

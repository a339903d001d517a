"""The rows of a table into its index, by two connections at once: what takes time is taking texts apart."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from nself.pg.database import Connection
from nself.search.engine import Progress
from nself.search.postgres.statements import Statements

BATCH: Final = 20_000
"""Rows copied at once: whoever changes one of them meanwhile waits for the batch, a second or two."""


class Copy:
    """Each takes the next batch of keys when it is done with its last. Documents are in the order of the batches,
    whoever copied them."""

    def __init__(self, first: Connection, second: Connection, made: Statements, progress: Progress) -> None:
        self._connections, self._made, self._progress = (first, second), made, progress
        self._turn = asyncio.Lock()
        self._last: str | None = None
        self._ended = False
        self._count = 0

    async def run(self) -> int:
        """Copy every row; how many there were."""
        expected = await self._connections[0].fetchval(self._made.estimate())
        await together(*(self._take_turns(each, expected) for each in self._connections))
        return self._count

    async def _take_turns(self, connection: Connection, expected: int) -> None:
        while (batch := await self._next(connection)) is not None:
            status = await connection.execute(self._made.copy(), *batch)
            self._count += int(status.rpartition(" ")[2])
            of = f" of about {expected}" if expected > self._count else ""
            self._progress(f"{self._count}{of} rows")

    async def _next(self, connection: Connection) -> tuple[str | None, str, int] | None:
        """(the key before the batch, its last key, the position before it); None when there is none left."""
        async with self._turn:
            if self._ended:
                return None
            found = await connection.fetchrow(self._made.next_key(), self._last, BATCH)
            if found is None or found["last"] is None:
                self._ended = True
                return None
            before, self._last = self._last, found["last"]
            return before, found["last"], await connection.fetchval(self._made.reserve(), found["rows"])


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """All of them at once. When one fails the others are ended before that is said."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
